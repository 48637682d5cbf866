import { readFileSync } from "node:fs";
import { chooseFolders, openFolders } from "../engine/folders.ts";
import { type HandPlan, perform } from "../jail/hand-plan.ts";
import { installKeeper } from "../platform/keeper-file.ts";
import type { Globals } from "./grammar.ts";
import { ownPrograms } from "./programs.ts";
import { printError } from "./stderr.ts";

/** What a by-hand command (`chroot`, `unshare`, `cgroup set`, …) makes of its arguments. */
export interface HandRequest {
  readonly hand: HandPlan;
  /** The command's own words, for process lists: `cgroup set`. */
  readonly name: string;
  /** Print the plan with measured times. */
  readonly explain: boolean;
}

/** Flags every by-hand command has, to be put into its table. */
export const HAND_FLAGS = "--explain\n";

/** What they do. */
export const HAND_ABOUT: Readonly<Record<string, string>> = {
  explain: "Print every step with its measured time on stderr",
};

/** The words of a command line without --explain, but with the last `rest` words as they are. */
export function withoutExplain(words: readonly string[], rest: number): string[] {
  const own = words.length - rest;
  return words.filter((word, at) => at >= own || word !== "--explain");
}

/** Carries out a by-hand command in the foreground; the exit status is the program's. */
export async function performByHand(request: HandRequest, globals: Globals): Promise<number> {
  const { hand, name, explain } = request;
  const { root, run } = openFolders(chooseFolders(globals));
  const { exitCode, report } = await perform(hand, {
    keeper: installKeeper(ownPrograms().keeper, root),
    folder: run,
    name,
    timed: explain,
    started: passOnSignals(),
  });
  if (explain) {
    const { formatPlan } = await import("./format-plan.ts");
    printError(formatPlan(hand.plan, report, "text", 2));
  }
  return exitCode;
}

/**
 * Signals sent to husk go on to the program. Those that come from the terminal reach the program by itself,
 * since it is in the same process group: of them husk only has to survive.
 *
 * @returns hands on what has come since, and what will: the program may be at work before husk has learnt that it is
 */
function passOnSignals(): (send: (signal: number) => void) => void {
  const held: number[] = [];
  let pass = (signal: number): void => {
    held.push(signal);
  };
  for (const name of ["SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM"] as const)
    process.on(name, (_name: string, signal: number) => pass(signal));
  for (const name of ["SIGINT", "SIGQUIT", "SIGHUP"] as const)
    process.on(name, (_name: string, signal: number) => {
      if (!isForegroundOfTerminal()) pass(signal);
    });
  return (send) => {
    pass = send;
    for (const signal of held) send(signal);
  };
}

/** Whether this process is in the foreground process group of its terminal (proc_pid_stat(5), fields 5 and 8). */
function isForegroundOfTerminal(): boolean {
  const stat = readFileSync("/proc/self/stat", "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[2] === fields[5];
}
