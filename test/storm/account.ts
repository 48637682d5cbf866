// What the containers of a storm (program.c) wrote down themselves, compared with what husk says of them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One run of a container, by its own account. */
export interface Run {
  /** The container's host name: the beginning of its id. */
  readonly host: string;
  /** Nanoseconds since 1970 when it began, in hexadecimal: its name. */
  readonly name: string;
  /** Whole lines that were taken from it, and their bytes, per stream. */
  readonly lines: readonly [number, number];
  readonly bytes: readonly [number, number];
  /** What it ended itself with; undefined: it was killed. */
  readonly status: number | undefined;
}

export function readRuns(folder: string): Run[] {
  return readdirSync(folder)
    .filter((name) => /\.[0-9a-f]{16}$/.test(name))
    .toSorted((a, b) => a.slice(-16).localeCompare(b.slice(-16)))
    .map((file) => {
      const bytes = readFileSync(join(folder, file));
      const at = (index: number): number =>
        bytes.length < 8 * index + 8 ? 0 : Number(bytes.readBigUInt64LE(8 * index));
      return {
        host: file.slice(0, -17),
        name: file.slice(-16),
        lines: [at(0), at(1)],
        bytes: [at(2), at(3)],
        status: at(4) === 0 ? undefined : at(4) - 1,
      };
    });
}

/** What stands in a log of a run. */
export interface Logged {
  lines: number;
  bytes: number;
}

/**
 * The runs in a log's output, in their order.
 *
 * @throws Error for a byte too many or too few: a line that is cut off can only be the last of its run
 */
export function readLogged(text: string): Map<string, Logged> {
  const runs = new Map<string, Logged>();
  const cut = new Set<string>();
  const [before, ...pieces] = text.split("\u0001");
  if (before !== "")
    throw new Error(`strange bytes at the beginning: ${JSON.stringify(before?.slice(0, 80))}`);
  for (const [index, piece] of pieces.entries()) {
    const wrong = (what: string): Error =>
      new Error(`line ${index + 1} of ${pieces.length}: ${what}: ${JSON.stringify(piece.slice(0, 80))}`);
    const [, name, number, filling] = /^([0-9a-f]{16}) (\d+) (\d+) /.exec(piece) ?? [];
    if (name === undefined || piece !== `${name} ${number} ${filling} ${"x".repeat(Number(filling))}.\n`) {
      // Its beginning may be cut off in any place.
      const owner = name ?? [...runs.keys()].at(-1);
      if (!/^[0-9a-f]{0,16}( \d*( \d*( x*\.?)?)?)?$/.test(piece)) throw wrong("damaged");
      if (piece.length >= 16 && owner !== undefined) cut.add(owner);
      continue;
    }
    if (cut.has(name)) throw wrong("something is missing before");
    const run = runs.get(name) ?? { lines: 0, bytes: 0 };
    runs.set(name, run);
    if (Number(number) !== run.lines + 1) throw wrong(`comes after number ${run.lines}`);
    run.lines += 1;
    run.bytes += piece.length + 1;
  }
  return runs;
}

/** What was lost of a container's output, one text each. `forgiven` bytes may be missing of the runs in it. */
export function losses(
  runs: readonly Run[],
  output: readonly [string, string],
  forgiven: ReadonlyMap<string, number>,
): string[] {
  const lost: string[] = [];
  for (const stream of [0, 1] as const) {
    const logged = readLogged(output[stream]);
    for (const { name, host, lines, bytes } of runs) {
      const found = logged.get(name) ?? { lines: 0, bytes: 0 };
      const what = `${host} run ${name} stream ${stream + 1}: ${found.lines} of ${lines[stream]} lines`;
      if (found.lines > lines[stream] + 1) lost.push(`${what}: too many`);
      if (bytes[stream] - found.bytes > (forgiven.get(name) ?? 0)) lost.push(what);
    }
    const known = new Set(runs.map(({ name }) => name));
    for (const name of logged.keys()) if (!known.has(name)) lost.push(`a run ${name} nobody knows of`);
  }
  return lost;
}
