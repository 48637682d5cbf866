import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Home, runAttached } from "../src/engine/index.ts";
import type { Comparison, Context } from "./context.ts";
import { compare, type Figure } from "./result.ts";

/** Bytes on disk and in memory. */
export const sizes: Comparison = {
  name: "sizes",
  async run(context) {
    const { keeper, husk } = context;
    const figures: Figure[] = [
      { name: "keeper on disk", value: statSync(keeper).size / 1024, unit: "kB", bound: 32 },
      { name: "keeper while keeping", value: await keepersMemory(context), unit: "kB PSS", bound: 64 },
      { name: "husk on disk", value: statSync(husk).size / 2 ** 20, unit: "MiB" },
      {
        name: "empty Bun program on disk",
        value: statSync(emptyProgram(context)).size / 2 ** 20,
        unit: "MiB",
      },
    ];
    return { name: "sizes", about: "one container that sleeps", timed: [], figures, notes: [] };
  },
};

/** What every command costs before it does anything. */
export const help: Comparison = {
  name: "help",
  run(context) {
    const { husk, rounds, spawn } = context;
    const commands = [
      { name: "husk --help", argv: [husk, "--help"] },
      { name: "empty Bun program", argv: [emptyProgram(context)] },
    ];
    const bounds = [{ contestant: "husk --help", peer: "empty Bun program", ratio: 1.5 }];
    const timed = compare(spawn(commands, { rounds }), bounds);
    return {
      name: "help",
      about: `a start without a container: ${rounds} rounds`,
      timed,
      figures: [],
      notes: [],
    };
  },
};

async function keepersMemory({ root, keeper, husk, bundle }: Context): Promise<number> {
  const home: Home = { folders: { root, run: `${root}/run` }, keeper: { path: keeper }, husk: [husk] };
  const source = { kind: "bundle", path: bundle } as const;
  const container = await runAttached(home, { source, command: ["/bin/sleep", "60"], rm: true });
  await Bun.sleep(300);
  const kilobytes = proportionalMemory(childNamed("husk-keeper"));
  container.kill(9);
  await container.ended;
  return kilobytes;
}

function childNamed(name: string): number {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "latin1").trim().split(" ");
  return Number(children.find((pid) => readFileSync(`/proc/${pid}/comm`, "latin1").trim() === name));
}

/** Kilobytes of a process's memory, shared pages divided among those who share them (proc_pid_smaps(5)). */
export function proportionalMemory(pid: number): number {
  return Number(/^Pss: +(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))?.[1]);
}

/** A compiled program that does nothing, as small as Bun makes them. */
export function emptyProgram({ folder }: Context): string {
  const program = join(folder, "empty");
  if (statSync(program, { throwIfNoEntry: false }) !== undefined) return program;
  writeFileSync(join(folder, "empty.ts"), "export {};\n");
  const options = ["--compile", "--minify", "--bytecode", "--format=esm", "--no-compile-autoload-dotenv"];
  const argv = [process.execPath, "build", ...options, "empty.ts", "--outfile", program];
  const { exitCode } = Bun.spawnSync(argv, { cwd: folder });
  if (exitCode !== 0) throw new Error("cannot compile an empty program with bun build --compile");
  return program;
}
