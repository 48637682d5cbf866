// Clients that do all they can think of to the same few containers at once; some are killed in the middle of it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commandLine, type Engine, isRoot, makeRootfs, processStat } from "../harness/index.ts";
import { readLogged } from "./account.ts";

/** Numbers that a seed makes: mulberry32. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 0x100000000) * below);
  };
}

export interface Storm {
  readonly of: Engine;
  readonly seed: number;
  readonly clients: number;
  readonly seconds: number;
  /** Before the command of those that make containers. */
  readonly flags: readonly string[];
  /** The folder with the program (program.c), where accounts are kept as well. */
  readonly folder: string;
  /** Kill keepers, too; who was, and when (milliseconds since 1970). */
  readonly keepers?: { readonly host: string; readonly time: number }[];
}

/** What a storm found wrong besides what can only be seen afterwards. */
export interface Findings {
  readonly problems: string[];
  /** How often which command ended with which status. */
  readonly counts: Map<string, number>;
}

const NAMES = ["red", "green", "blue", "black", "white", "grey"];
/** Longer than anything takes, also where dozens of clients share two processors. */
const PATIENCE_MS = 60_000;

/** What husk may say when others were quicker. */
const USUAL =
  /No such container|No such object|is already in use by container|is not running|is paused|is already paused|is not paused|cannot remove container|paused container|that does not run|has ended|container ended, or|marked for removal|same name as its current|is running already|was killed|was removed|removal|restarting|container .* is stopped|can(no|')t attach/i;

export async function rage(storm: Storm): Promise<Findings> {
  const findings: Findings = { problems: [], counts: new Map() };
  const end = performance.now() + 1000 * storm.seconds;
  const rootfs = makeRootfs();
  const killer = killInternals(storm, end);
  let isOver = false;
  const clients = Promise.all(
    Array.from({ length: storm.clients }, (_, index) =>
      client(storm, findings, randomOf(storm.seed * 1000 + index), rootfs, end),
    ),
  ).finally(() => {
    isOver = true;
  });
  await killer;
  // What came into a container that was paused a moment later waits for whoever lets it go on.
  while (!isOver) {
    await storm.of.husk(["unpause", ...NAMES], { timeout: PATIENCE_MS });
    await Promise.race([clients, Bun.sleep(200)]);
  }
  await clients;
  return findings;
}

async function client(
  { of, folder, flags }: Storm,
  { problems, counts }: Findings,
  random: (below: number) => number,
  rootfs: string,
  end: number,
): Promise<void> {
  while (performance.now() < end) {
    const name = NAMES[random(NAMES.length)]!;
    const args = words(name, random, { root: of.root, folder, rootfs, flags });
    const patient = args[0] !== "wait" && !(args[0] === "run" && !args.includes("-d"));
    const running = of.start(args, { timeout: PATIENCE_MS });
    let killed = false;
    if (!patient || random(6) === 0) {
      const limit = setTimeout(
        () => {
          killed = true;
          running.kill("SIGKILL");
        },
        patient ? random(60) : random(600),
      );
      void running.result.finally(() => clearTimeout(limit)).catch(() => {});
    }
    try {
      const { status, stdout, stderr } = await running.result;
      const what = args.slice(0, 4).join(" ");
      const key = `${args[0]} ${killed ? "killed" : status}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if (killed) continue;
      if (args[0] === "logs") readLogged(stdout);
      if (args[0] === "exec" && (status === 7) !== (stdout === "in\n") && status !== 137)
        problems.push(`${what}: status ${status}, ${JSON.stringify(stdout)} ${stderr}`);
      if (status > 120 && ![125, 126, 137].includes(status))
        problems.push(`${what}: status ${status}, ${stderr}`);
      for (const line of stderr.replaceAll(/\u0001[^\n]*\n?/g, "").split("\n"))
        if (args[0] !== "logs" && line !== "" && !USUAL.test(line))
          problems.push(`${what}: status ${status}: ${line}`);
    } catch (error) {
      problems.push(`${args.join(" ")}: ${(error as Error).message.slice(0, 400)}`);
    }
  }
}

function words(
  name: string,
  random: (below: number) => number,
  { root, folder, rootfs, flags }: { root: string; folder: string; rootfs: string; flags: readonly string[] },
): string[] {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const container = (...more: string[]): string[] => [
    ...["--name", name, ...flags, "-v", `${folder}:/home`, ...more],
    ...pick([[], [], ["--restart", "always"], ["--restart", "on-failure:3"], ["--init"]]),
    ...pick([["host"], ["--rootfs", rootfs]]),
    ...["/home/program", "/home", root],
  ];
  switch (random(20)) {
    case 0:
      return ["create", ...container()];
    case 1:
    case 2:
    case 3:
      return ["run", "-d", ...container()];
    case 4:
      return [
        "run",
        "--rm",
        "--name",
        name,
        ...flags,
        "-v",
        `${folder}:/home`,
        "host",
        "/home/program",
        "/home",
        root,
      ];
    case 5:
    case 6:
    case 7:
      return ["start", name];
    case 8:
    case 9:
      return ["exec", name, "sh", "-c", "echo in; exit 7"];
    case 10:
    case 11:
      return ["logs", ...pick([[], ["--since", "1h"]]), name];
    case 12:
      return ["stop", "-t", pick(["0", "1", "5"]), name];
    case 13:
      return ["kill", ...pick([[], ["-s", "TERM"], ["-s", "WINCH"]]), name];
    case 14:
      return ["restart", "-t", "1", name];
    case 15:
      return random(3) === 0 ? ["rm", ...pick([[], ["-f"]]), name] : ["ps", "-a"];
    case 16:
      return ["rename", name, pick(NAMES)];
    case 17:
      // Without limits, an ordinary user's containers have no control group to be frozen in.
      return isRoot ? ["pause", name] : ["ps"];
    case 18:
      return ["unpause", name];
    default:
      return pick([
        ["wait", name],
        ["inspect", name],
        ["update", "--restart", "no", name],
      ]);
  }
}

/** Kills what keepers have become, and keepers if asked. */
async function killInternals({ of, seed, keepers }: Storm, end: number): Promise<void> {
  const random = randomOf(seed);
  while (performance.now() < end) {
    await Bun.sleep(20 + random(60));
    for (const pid of internals(of)) if (random(3) === 0) kill(pid);
    if (keepers === undefined || random(4) !== 0) continue;
    const found = keepersOf(of);
    const keeper = found[random(Math.max(1, found.length))];
    if (keeper === undefined) continue;
    keepers.push({ host: keeper.host, time: Date.now() });
    kill(keeper.pid);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** What this engine's keepers have started or become. */
export function internals({ root }: Engine): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const line = commandLine(pid);
      return line.includes("internal") && line.includes(root);
    });
}

/** Keepers of this engine's containers that run. */
export function keepersOf({ run }: Engine): { pid: number; host: string }[] {
  const folder = join(run, "containers");
  // Before the first of them is made there is none.
  return (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => /^[0-9a-f]{64}\.pid$/.test(name))
    .flatMap((name) => {
      try {
        const first = Number(readFileSync(join(folder, name), "utf8"));
        const parent = processStat(processStat(first)?.parent ?? 0);
        const host = name.slice(0, 12);
        return parent?.name === "husk-keeper" && commandLine(parent.pid)[1] === host
          ? [{ pid: parent.pid, host }]
          : [];
      } catch {
        return [];
      }
    });
}
