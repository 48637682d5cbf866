import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Comparison, type Context, repository } from "./context.ts";
import type { Figure, Result } from "./result.ts";
import { summarize } from "./statistics.ts";

/** A point in husk's code: the first place in `file` where `before` stands ends the phase `name`. */
interface Mark {
  readonly file: string;
  readonly before: string;
  readonly name: string;
}

const MARKS: readonly Mark[] = [
  { file: "cli/begin.ts", before: "  const wishes: Wishes =", name: "Bun's start, loading the entry" },
  { file: "cli/commands/oci-run.ts", before: "  const given = ociArguments", name: "loading the command" },
  { file: "runtime/oci/create.ts", before: "  checkId(id);", name: "arguments" },
  { file: "runtime/oci/prepare.ts", before: "  checkTerminal(spec", name: "read and check config.json" },
  { file: "runtime/oci/prepare.ts", before: "  const request: Container", name: "facts of the machine" },
  {
    file: "runtime/oci/prepare.ts",
    before: "  const planned = planContainer",
    name: "control groups, streams",
  },
  { file: "runtime/oci/prepare.ts", before: "  return { ...rest, planned", name: "plan" },
  { file: "runtime/oci/create.ts", before: "    if (planned.cgroups?.evacuate", name: "take the id" },
  { file: "runtime/launch.ts", before: "  const encoded = encode(", name: "to the launch" },
  { file: "runtime/launch.ts", before: "  options.encoded?.(", name: "encode" },
  { file: "runtime/launch.ts", before: "  const keeper = await startKeeper(", name: "write the state" },
  { file: "runtime/launch.ts", before: "  const outcome = keeper", name: "start the keeper" },
  {
    file: "runtime/launch.ts",
    before: "    const decoded = decodeReport(",
    name: "keeper and container, until they ended",
  },
  { file: "cli/begin.ts", before: "  const { reallyExit } =", name: "report" },
];

/** Where the time of `husk oci run` goes, measured in a copy of husk that has clocks in it. */
export const phases: Comparison = {
  name: "phases",
  run(context): Result {
    const husk = instrumented(context);
    const times = new Map<string, number[]>(MARKS.map(({ name }) => [name, []]));
    const runs = Math.ceil(context.rounds / 2);
    for (let i = 0; i < runs; i++) {
      const argv = [husk, "oci", "run", "--bundle", context.bundle, "husk-bench-phases"];
      const { stderr } = Bun.spawnSync(argv, { stderr: "pipe" });
      let last = 0;
      for (const line of stderr.toString().trimEnd().split("\n")) {
        const [time = "", name = ""] = line.split("\t");
        times.get(name)?.push((Number(time) - last) / 1e6);
        last = Number(time);
      }
    }
    const figures = [...times].map(
      ([name, values]): Figure => ({ name, value: summarize(values).median, unit: "ms, median" }),
    );
    const notes = [
      "not in it: the kernel loading the executable before, and taking the process down afterwards",
    ];
    return { name: "phases", about: `husk oci run, phase by phase: ${runs} runs`, timed: [], figures, notes };
  },
};

/** Builds husk, as scripts/build does, from a copy with a clock at each mark; it prints the times when it ends. */
function instrumented({ folder, keeper }: Context): string {
  const copy = join(folder, "with-marks");
  const marked = join(folder, "marked");
  cpSync(join(repository, "src"), marked, { recursive: true });
  for (const mark of MARKS) setClock(join(marked, mark.file), mark);
  mkdirSync(join(copy, "dist"), { recursive: true });
  symlinkSync(join(repository, "node_modules"), join(copy, "node_modules"));
  cpSync(keeper, join(copy, "dist/keeper"));
  const grouping = [join(repository, "scripts/group-chunks.ts"), marked, copy, "cli/main.ts"];
  const grouped = Bun.spawnSync([process.execPath, ...grouping], { stderr: "pipe" });
  if (grouped.exitCode !== 0) throw new Error(`cannot group husk's chunks: ${grouped.stderr.toString()}`);
  const husk = join(copy, "husk");
  const options = [
    ...["--compile", "--minify", "--bytecode", "--format=esm", "--splitting", "--compile-jit-policy=1000"],
    ...["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"],
    ...["--define", 'HUSK_VERSION="bench"', "--define", 'HUSK_KEEPER_DIGEST="bench"'],
  ];
  const argv = [process.execPath, "build", ...options, "src/cli/main.ts", "--outfile", husk];
  const { exitCode, stderr } = Bun.spawnSync(argv, { cwd: copy, stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`cannot build husk with marks: ${stderr.toString()}`);
  return husk;
}

function setClock(path: string, { before, name }: Mark): void {
  const source = readFileSync(path, "utf8");
  if (!source.includes(before)) throw new Error(`${path} has no "${before}" any more: mend bench/phases.ts`);
  const clock = `(globalThis.marks ??= []).push(Bun.nanoseconds() + "\\t${name}");\n`;
  const print = before.includes("reallyExit") ? 'console.error(globalThis.marks.join("\\n"));\n' : "";
  writeFileSync(path, source.replace(before, `${clock}${print}${before}`));
}
