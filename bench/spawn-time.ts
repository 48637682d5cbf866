import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sample } from "./statistics.ts";

/** A command to be timed. */
export interface Command {
  readonly name: string;
  /** Absolute path and arguments, without line ends; `{}` becomes the number of the copy. */
  readonly argv: readonly string[];
  /** A launch plan: the command is a keeper. */
  readonly plan?: string;
}

export interface Timing {
  readonly rounds: number;
  /** Milliseconds before each run. */
  readonly pause?: number;
  /** How many run at the same time; a sample is all of them. */
  readonly copies?: number;
  /** Each round has the order of the list, as one command needs what another made. */
  readonly ordered?: boolean;
}

/** Times commands with a small C program, so that this process does not disturb them. */
export type Spawner = (commands: readonly Command[], timing: Timing) => Map<string, Sample[]>;

/** Compiles spawn-time.c into `folder`. */
export function makeSpawner(folder: string): Spawner {
  const program = join(folder, "spawn-time");
  compile(join(import.meta.dirname, "spawn-time.c"), program, "-O2");
  return (commands, { rounds, pause = 0, copies = 1, ordered = false }) => {
    const list = join(folder, "commands");
    const paragraphs = commands.map(({ argv, plan }) =>
      [plan === undefined ? "/dev/null" : `plan:${plan}`, ...argv].join("\n"),
    );
    writeFileSync(list, `${paragraphs.join("\n\n")}\n`);
    const done = Bun.spawnSync(
      [program, list, String(rounds), String(pause), String(copies), ordered ? "1" : "0"],
      {
        stderr: "pipe",
      },
    );
    if (done.exitCode !== 0) throw new Error(`spawn-time failed: ${done.stderr.toString()}`);
    return samplesOf(done.stdout.toString(), commands);
  };
}

function samplesOf(output: string, commands: readonly Command[]): Map<string, Sample[]> {
  const samples = new Map<string, Sample[]>(commands.map(({ name }) => [name, []]));
  for (const line of output.trimEnd().split("\n")) {
    const [index = 0, wall = 0, user = 0, system = 0, status = 0] = line.split(" ").map(Number);
    const name = commands[index]?.name ?? "";
    samples.get(name)?.push({ wall: wall / 1e6, cpu: (user + system) / 1e3, status });
  }
  return samples;
}

/** Compiles a C program. */
export function compile(source: string, program: string, ...options: readonly string[]): void {
  const done = Bun.spawnSync([process.env.CC ?? "cc", ...options, "-o", program, source], { stderr: "pipe" });
  if (done.exitCode !== 0) throw new Error(`cannot compile ${source}: ${done.stderr.toString()}`);
}
