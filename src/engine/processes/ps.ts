import { spawnSync } from "node:child_process";
import { HuskError } from "../../platform/error.ts";

/** Lines of ps(1) about some processes, in columns. */
export interface ProcessTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The same as ps printed it. */
  readonly lines: readonly string[];
}

const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Runs ps(1) on the host and keeps what is about `pids`.
 *
 * @param options as ps takes them; none: `-ef`
 * @throws HuskError "failed" when ps fails or is missing, "invalid" for options that leave out the column PID
 */
export function listProcesses(pids: readonly number[], options: readonly string[]): ProcessTable {
  const wishes = options.length > 0 ? options : ["-ef"];
  const ask = (words: readonly string[]) =>
    spawnSync("ps", words, { encoding: "utf8", maxBuffer: MOST_BYTES });
  // As docker: options that choose columns only show these processes; some go with no other choice.
  let { status, stdout, stderr, error } = ask([...wishes, "-q", pids.join(",")]);
  if (error === undefined && status !== 0) ({ status, stdout, stderr, error } = ask(wishes));
  if (error !== undefined || status !== 0)
    throw new HuskError("failed", `ps: ${error?.message ?? stderr.trim()}`, {
      hint: "ps(1) is in Debian's package procps",
    });
  const [head = "", ...all] = stdout.split("\n");
  const titles = head.trim().split(/\s+/);
  const column = titles.indexOf("PID");
  if (column < 0)
    throw new HuskError("invalid", "couldn't find PID field in ps output", {
      hint: "choose columns with PID among them: husk top CONTAINER -eo pid,args",
    });
  const wanted = new Set(pids);
  const rows: string[][] = [];
  const lines = [head];
  let kept = false;
  for (const line of all) {
    const words = line.trim().split(/\s+/);
    if (line.trim() === "") continue;
    // Threads of a process (ps -m) have a dash where it has its number.
    kept = words[column] === "-" ? kept : wanted.has(Number(words[column]));
    if (!kept) continue;
    lines.push(line);
    rows.push([...words.slice(0, titles.length - 1), words.slice(titles.length - 1).join(" ")]);
  }
  return { titles, rows, lines };
}
