import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Comparison, Context } from "../context.ts";
import type { Figure } from "../result.ts";
import { summarize } from "../statistics.ts";
import { must } from "./exec.ts";

const BYTES = 1_000_000_000;
const NAME = "husk-bench-log";

/** A gigabyte through a program's output into the log, on a tmpfs, and out of it again. */
export const logs: Comparison = {
  name: "engine-log",
  run(context) {
    const rounds = Math.max(3, Math.ceil(context.rounds / 12));
    const root = join(context.folder, "log-state");
    mkdirSync(root, { mode: 0o700 });
    // This is a mount namespace of our own.
    must(["mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", root]);
    const husk = [context.husk, "--root", root, "--run", join(root, "run")];
    try {
      const speeds = Array.from({ length: rounds }, () => written(husk));
      const figures: Figure[] = [
        {
          name: "into the log, median",
          value: summarize(speeds).median,
          unit: "MB/s",
          atLeast: true,
          bound: 500,
        },
        { name: "into the log, best", value: Math.max(...speeds), unit: "MB/s" },
        ...read(context, husk),
      ];
      const about = `head -c ${BYTES} /dev/zero | cat, detached, $root on tmpfs: ${rounds} rounds`;
      return { name: "engine-log", about, timed: [], figures, notes: [] };
    } finally {
      Bun.spawnSync([...husk, "rm", "-f", NAME]);
      Bun.spawnSync(["umount", "-l", root]);
    }
  },
};

/** Megabytes a second from the program's start to its end, by its keeper's clock; the container stays. */
function written(husk: readonly string[]): number {
  Bun.spawnSync([...husk, "rm", "-f", NAME]);
  const program = ["sh", "-c", `head -c ${BYTES} /dev/zero | cat`];
  must([...husk, "run", "-d", "--name", NAME, "--network", "none", "host", ...program]);
  must([...husk, "wait", NAME]);
  const [state] = JSON.parse(must([...husk, "inspect", NAME])) as [{ State: Times }];
  const { StartedAt, FinishedAt } = state.State;
  return BYTES / 1e3 / (Date.parse(FinishedAt) - Date.parse(StartedAt));
}

interface Times {
  readonly StartedAt: string;
  readonly FinishedAt: string;
}

/** `husk logs` into a pipe that is emptied at once. */
function read({ folder }: Context, husk: readonly string[]): Figure[] {
  const count = join(folder, "bytes");
  const script = `f=$1; shift; "$@" | wc -c > "$f"`;
  const peaks: number[] = [];
  const begin = Bun.nanoseconds();
  const child = Bun.spawnSync(["sh", "-c", script, "sh", count, ...husk, "logs", NAME]);
  const seconds = (Bun.nanoseconds() - begin) / 1e9;
  peaks.push(child.resourceUsage.maxRSS / 2 ** 20);
  return [
    { name: "husk logs of it", value: BYTES / 1e6 / seconds, unit: "MB/s" },
    { name: "husk logs of it, memory at most", value: Math.max(...peaks), unit: "MiB" },
  ];
}
