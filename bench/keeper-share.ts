import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepareContainer } from "../src/engine/index.ts";
import { encode, type Plan } from "../src/plan/index.ts";
import { planContainer } from "../src/runtime/plan-container.ts";
import type { Comparison, Context } from "./context.ts";
import { countCalls } from "./count-calls.ts";
import { hardcodedC } from "./hardcoded.ts";
import { compare } from "./result.ts";
import { type Command, compile } from "./spawn-time.ts";

/** The keeper performing a plan against a C program in which the plan's calls are written down one by one. */
export const keeperShare: Comparison = {
  name: "keeper",
  async run(context) {
    const { folder, keeper, bundle } = context;
    const plan = join(folder, "plan");
    writeFileSync(plan, encode(await planOf(bundle)).bytes);
    const source = join(folder, "hardcoded.c");
    writeFileSync(source, hardcodedC(await planOf(bundle)));
    const contestants: Command[] = [{ name: "keeper", argv: [keeper, "bench"], plan }];
    for (const level of ["-O2", "-Os"]) {
      const program = join(folder, `hardcoded${level}`);
      compile(source, program, level);
      contestants.push({ name: `hard-coded C ${level}`, argv: [program] });
    }
    const rounds = 2 * context.rounds;
    const timed = compare(context.spawn(contestants, { rounds }), [
      { contestant: "keeper", peer: "hard-coded C -O2", ratio: 1 },
      { contestant: "keeper", peer: "hard-coded C -Os", ratio: 1 },
    ]);
    const notes = calls(context, contestants);
    return {
      name: "keeper",
      about: `the same plan, back to back: ${rounds} rounds`,
      timed,
      figures: [],
      notes,
    };
  },
};

/** The bundle's plan without a watch on the process that made it: it is performed when that is not the parent. */
async function planOf(bundle: string): Promise<Plan> {
  const { request } = await prepareContainer(
    { source: { kind: "bundle", path: bundle }, command: [] },
    { id: "bench-keeper" },
  );
  const { callerPid: _, ...rest } = request;
  return planContainer(rest).plan;
}

/** Shows by strace(1) that both make the same calls. */
function calls({ folder, spawn }: Context, [keeper, program]: readonly Command[]): string[] {
  const strace = Bun.which("strace");
  if (strace === null || keeper === undefined || program === undefined)
    return ["strace is not installed: calls not compared"];
  const count = (command: Command): Map<string, number> => {
    const log = join(folder, "calls");
    spawn([{ ...command, argv: [strace, "-f", "-qq", "-o", log, ...command.argv] }], { rounds: 1 });
    return existsSync(log) ? countCalls(log) : new Map();
  };
  const [ours, theirs] = [count(keeper), count(program)];
  const total = [...theirs.values()].reduce((sum, n) => sum + n, 0);
  const differences: string[] = [];
  for (const name of new Set([...ours.keys(), ...theirs.keys()])) {
    const difference = (ours.get(name) ?? 0) - (theirs.get(name) ?? 0);
    if (difference !== 0) differences.push(`${name} ${difference > 0 ? "+" : ""}${difference}`);
  }
  return [
    `${total} calls in C; the keeper's differ in ${differences.toSorted().join(", ")}`,
    "the keeper's own are for sealing itself, reading the plan and the report; C's are for loading libc",
  ];
}
