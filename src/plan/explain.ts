import { describeOperation, ResultNames, usedResults } from "./describe-call.ts";
import type { Clone, Init, List, Operation, Plan, Step } from "./plan.ts";
import type { Report } from "./report.ts";

/** A plan as data for programs: `husk explain --format json`. */
export interface ExplainedPlan {
  /** Microseconds from the keeper's start until the program runs; absent without measurement. */
  readonly microseconds?: number;
  readonly processes: readonly ExplainedProcess[];
}

export interface ExplainedProcess {
  readonly process: string;
  readonly steps: readonly ExplainedStep[];
}

export interface ExplainedStep {
  readonly title: string;
  readonly why: string;
  /** Time of all its calls; absent if nothing was measured or the step was not reached. */
  readonly microseconds?: number;
  readonly calls: readonly { readonly call: string; readonly microseconds?: number }[];
}

/** The plan's processes in the order things happen: keeper, what it clones, cleanup. */
export function explain(plan: Plan, report?: Report): ExplainedPlan {
  const lists: List[] = [];
  collect(plan.keeper, lists);
  collect(plan.cleanup, lists);
  const names = new ResultNames();
  const used = usedResults(lists.flatMap((list) => list.steps.flatMap((step) => step.operations)));
  const times = report?.times;
  const processes = lists
    .filter((list) => list.steps.length > 0)
    .map((list) => ({
      process: list.process,
      steps: list.steps.map((step) => explainStep(step, names, used, times)),
    }));
  if (report === undefined) return { processes };
  const started = executed(lists, report) ?? report.ended;
  return { microseconds: (started - report.started) / 1000, processes };
}

/** When execve(2) began: its end is the program's own life. */
function executed(lists: readonly List[], report: Report): number | undefined {
  const times = report.times;
  if (times === undefined) return undefined;
  for (const list of lists) {
    if (list.process === "newuidmap" || list.process === "newgidmap") continue;
    for (const step of list.steps) {
      for (const operation of step.operations) {
        if (operation.kind === "exec") return times[2 * operation.ordinal] || undefined;
      }
    }
  }
  return undefined;
}

function collect(list: List, into: List[]): void {
  into.push(list);
  for (const step of list.steps) {
    for (const operation of step.operations) {
      if (operation.kind === "clone" || operation.kind === "init")
        collect((operation as Clone | Init).list, into);
    }
  }
}

function explainStep(
  step: Step,
  names: ResultNames,
  used: ReturnType<typeof usedResults>,
  times: Float64Array | undefined,
): ExplainedStep {
  const calls: { call: string; microseconds?: number }[] = [];
  const add = (operation: Operation, indent: string): void => {
    const call = indent + describeOperation(operation, names, used);
    const microseconds = took(operation, times);
    calls.push(microseconds === undefined ? { call } : { call, microseconds });
    if (operation.kind === "when") for (const inner of operation.body) add(inner, `${indent}  `);
  };
  for (const operation of step.operations) add(operation, "");
  const { title, why } = step;
  if (times === undefined) return { title, why, calls };
  let sum = 0;
  for (const { microseconds = 0 } of calls) sum += microseconds;
  return { title, why, microseconds: sum, calls };
}

/** Waiting for the container to end, and executing its program, are no part of making it. */
function took(operation: Operation, times: Float64Array | undefined): number | undefined {
  if (
    times === undefined ||
    operation.kind === "keep" ||
    operation.kind === "exec" ||
    operation.kind === "init"
  )
    return undefined;
  const start = times[2 * operation.ordinal] as number;
  const end = times[2 * operation.ordinal + 1] as number;
  return start > 0 && end >= start ? (end - start) / 1000 : undefined;
}

export interface TreeOptions {
  readonly colour: boolean;
  /** Show the system calls below each step. */
  readonly calls: boolean;
}

const BAR_WIDTH = 12;

/** The plan as a tree for people; with times, each step has its microseconds and a bar. */
export function explainedTree(plan: ExplainedPlan, options: TreeOptions): string {
  const dim = (text: string): string => (options.colour ? `\x1b[2m${text}\x1b[0m` : text);
  const bold = (text: string): string => (options.colour ? `\x1b[1m${text}\x1b[0m` : text);
  const green = (text: string): string => (options.colour ? `\x1b[32m${text}\x1b[0m` : text);
  const measured = plan.microseconds !== undefined;
  let longest = 1;
  for (const { steps } of plan.processes)
    for (const { microseconds = 0 } of steps) longest = Math.max(longest, microseconds);
  const lines: string[] = [];
  for (const { process, steps } of plan.processes) {
    lines.push(bold(process));
    steps.forEach((step, i) => {
      const last = i === steps.length - 1;
      const time = measured
        ? `${timeText(step.microseconds)} ${green(bar(step.microseconds ?? 0, longest))} `
        : "";
      lines.push(`${dim(last ? "└─" : "├─")} ${time}${step.title} ${dim(`— ${step.why}`)}`);
      if (!options.calls) return;
      for (const { call, microseconds } of step.calls) {
        const own = measured ? `${timeText(microseconds)} ` : "";
        lines.push(dim(`${last ? "  " : "│ "}     ${own}${call}`));
      }
    });
  }
  if (plan.microseconds !== undefined)
    lines.push(bold(`${Math.round(plan.microseconds)} µs from the keeper's start to the program's`));
  return `${lines.join("\n")}\n`;
}

function timeText(microseconds: number | undefined): string {
  return microseconds === undefined ? "        -" : `${microseconds.toFixed(0).padStart(6)} µs`;
}

function bar(value: number, longest: number): string {
  const eighths = Math.round((value / longest) * BAR_WIDTH * 8);
  const full = "█".repeat(eighths >> 3);
  const part = (eighths & 7) === 0 ? "" : ("▏▎▍▌▋▊▉"[(eighths & 7) - 1] as string);
  return (full + part).padEnd(BAR_WIDTH);
}
