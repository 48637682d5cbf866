import type { Clone, Init, List, Operation, Plan, Step } from "../plan.ts";
import type { Report } from "../report.ts";
import { describeOperation } from "./describe.ts";
import { Names } from "./names.ts";

/**
 * A plan as data for programs: `husk explain --format json`, and with times `husk run --explain --format json`.
 * Fields are added over time, never renamed or removed.
 */
export interface ExplainedPlan {
  /** Microseconds from the keeper's start until the program runs; absent without measurement. */
  readonly microseconds?: number;
  /** In the order they begin: the keeper, what it clones, what is done afterwards. */
  readonly processes: readonly ExplainedProcess[];
}

export interface ExplainedProcess {
  /** Which process: `keeper`, `container`, …; `afterwards` is the keeper after the container's end. */
  readonly process: string;
  readonly steps: readonly ExplainedStep[];
}

export interface ExplainedStep {
  /** A few words: `own /proc`. */
  readonly title: string;
  /** The reason, one sentence for learners. */
  readonly why: string;
  /** Microseconds of all its calls; absent if nothing was measured or the step was not reached. */
  readonly microseconds?: number;
  readonly calls: readonly ExplainedCall[];
}

export interface ExplainedCall {
  /** As strace(1) shows it; `%n` is the result of an earlier call. The wording is for people and may change. */
  readonly call: string;
  /** Microseconds; absent if it was not performed, or nothing was measured. */
  readonly microseconds?: number;
  /** How many conditions it stands under; absent if none. */
  readonly depth?: number;
}

/** The plan's processes in the order things happen; with a timed report, how long each call took. */
export function explain(plan: Plan, report?: Report): ExplainedPlan {
  const lists: List[] = [];
  collect(plan.keeper, lists);
  collect(plan.cleanup, lists);
  if (plan.leaving !== undefined) collect(plan.leaving, lists);
  const names = new Names(lists);
  const times = report?.times;
  const processes = lists
    .filter((list) => list.steps.length > 0)
    .map((list) => ({
      process: list.process,
      steps: list.steps.map((step) => explainStep(step, names, times)),
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

function explainStep(step: Step, names: Names, times: Float64Array | undefined): ExplainedStep {
  const calls: ExplainedCall[] = [];
  let sum: number | undefined;
  const add = (operation: Operation, depth: number): void => {
    const call = describeOperation(operation, names);
    const microseconds = took(operation, times);
    if (microseconds !== undefined) sum = (sum ?? 0) + microseconds;
    if (call !== undefined) {
      calls.push({
        call,
        ...(microseconds === undefined ? {} : { microseconds }),
        ...(depth === 0 ? {} : { depth }),
      });
    }
    if (operation.kind === "when") for (const inner of operation.body) add(inner, depth + 1);
  };
  for (const operation of step.operations) add(operation, 0);
  const { title, why } = step;
  return { title, why, ...(sum === undefined ? {} : { microseconds: sum }), calls };
}

/** Waiting for the container to end, and executing its program, are no part of making it. */
function took(operation: Operation, times: Float64Array | undefined): number | undefined {
  const { kind, ordinal } = operation;
  if (times === undefined || kind === "keep" || kind === "exec" || kind === "init") return undefined;
  const start = times[2 * ordinal] as number;
  const end = times[2 * ordinal + 1] as number;
  return start > 0 && end >= start ? (end - start) / 1000 : undefined;
}
