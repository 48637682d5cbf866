import type { ExplainedCall, ExplainedPlan, ExplainedStep } from "./explain.ts";

export interface TreeOptions {
  readonly colour: boolean;
  /** Show the system calls below each step. */
  readonly calls: boolean;
  /** Columns: reasons are wrapped and calls cut to fit; absent: lines are as long as they are. */
  readonly width?: number | undefined;
}

const BAR_WIDTH = 12;
/** A narrower terminal wraps by itself. */
const NARROWEST = 40;

interface Layout {
  readonly options: TreeOptions;
  readonly width: number;
  /** The slowest step, whose bar is the longest; undefined without times. */
  readonly slowest: number | undefined;
}

/** The plan as a tree for people; with times, each step has its microseconds and a bar. */
export function explainedTree(plan: ExplainedPlan, options: TreeOptions): string {
  let slowest = 1;
  for (const { steps } of plan.processes)
    for (const { microseconds = 0 } of steps) slowest = Math.max(slowest, microseconds);
  const layout = {
    options,
    width: options.width === undefined ? Number.POSITIVE_INFINITY : Math.max(options.width, NARROWEST),
    slowest: plan.microseconds === undefined ? undefined : slowest,
  };
  const lines: string[] = [];
  for (const { process, steps } of plan.processes) {
    lines.push(paint(options, BOLD, process));
    steps.forEach((step, i) => lines.push(...stepLines(step, i === steps.length - 1, layout)));
  }
  if (plan.microseconds !== undefined) {
    const total = `${Math.round(plan.microseconds)} µs from the keeper's start to the program's`;
    lines.push(paint(options, BOLD, total));
  }
  return `${lines.join("\n")}\n`;
}

const [BOLD, DIM, GREEN] = [1, 2, 32];

function paint({ colour }: TreeOptions, code: number | undefined, text: string): string {
  return colour && text !== "" ? `\x1b[${code}m${text}\x1b[0m` : text;
}

function stepLines(step: ExplainedStep, isLast: boolean, layout: Layout): string[] {
  const { options, slowest, width } = layout;
  const branch = isLast ? "└─ " : "├─ ";
  const below = isLast ? "   " : "│  ";
  const time = slowest === undefined ? "" : `${timeText(step.microseconds)} `;
  const line = slowest === undefined ? "" : `${bar(step.microseconds ?? 0, slowest)} `;
  const indent = time.length + line.length;
  const name = visible(step.title);
  const reason = step.why === "" ? "" : `— ${visible(step.why)}`;
  const [first = "", ...more] = wrap(`${name} ${reason}`.trimEnd(), width - branch.length - indent);
  const title = first.slice(0, name.length);
  const lines = [
    paint(options, DIM, branch) +
      time +
      paint(options, GREEN, line) +
      paint(options, BOLD, title) +
      paint(options, DIM, first.slice(title.length)),
    ...more.map((text) => paint(options, DIM, `${below}${" ".repeat(indent)}${text}`)),
  ];
  if (!options.calls) return lines;
  for (const text of callTexts(step.calls, slowest !== undefined))
    lines.push(paint(options, DIM, cut(`${below}    ${text}`, width)));
  return lines;
}

/** Of many alike in a row, the first ones and the last are shown. */
const SHOWN = 2;
const FOLDED_FROM = 7;

function callTexts(calls: readonly ExplainedCall[], measured: boolean): string[] {
  const texts: string[] = [];
  for (let i = 0; i < calls.length; ) {
    const kind = kindOf(calls[i] as ExplainedCall);
    let end = i + 1;
    while (end < calls.length && kindOf(calls[end] as ExplainedCall) === kind) end++;
    const run = calls.slice(i, end);
    const shown = run.length < FOLDED_FROM ? run : [...run.slice(0, SHOWN), folded(run), ...run.slice(-1)];
    for (const call of shown) texts.push(callText(call, measured));
    i = end;
  }
  return texts;
}

function folded(run: readonly ExplainedCall[]): ExplainedCall {
  const rest = run.slice(SHOWN, -1);
  let sum: number | undefined;
  for (const { microseconds } of rest) if (microseconds !== undefined) sum = (sum ?? 0) + microseconds;
  const call = { ...run[0], call: `… ${rest.length} more like these` };
  delete call.microseconds;
  return sum === undefined ? call : { ...call, microseconds: sum };
}

/** The call without its result and without what tells it from its neighbours. */
function kindOf({ call, depth = 0 }: ExplainedCall): string {
  const name = /^(?:%\d+ = )?(\w+\([A-Z_]*)/.exec(call)?.[1] ?? call;
  return `${depth} ${name}`;
}

function callText({ call, microseconds, depth = 0 }: ExplainedCall, measured: boolean): string {
  return `${measured ? `${timeText(microseconds)} ` : ""}${"  ".repeat(depth)}${visible(call)}`;
}

function timeText(microseconds: number | undefined): string {
  return (microseconds === undefined ? "-" : `${microseconds.toFixed(0)} µs`).padStart(9);
}

function bar(value: number, longest: number): string {
  const eighths = Math.round((value / longest) * BAR_WIDTH * 8);
  const full = "█".repeat(eighths >> 3);
  const part = (eighths & 7) === 0 ? "" : ("▏▎▍▌▋▊▉"[(eighths & 7) - 1] as string);
  return (full + part).padEnd(BAR_WIDTH);
}

/** Lines of at most `width` columns, broken between words; a word that fits in no line is broken itself. */
function wrap(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const lines: string[] = [];
  let line = "";
  for (let word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    for (; line === "" && word.length > width; word = word.slice(width)) lines.push(word.slice(0, width));
    line = line === "" ? word : `${line} ${word}`;
  }
  if (line !== "") lines.push(line);
  return lines;
}

/** The words may be a stranger's: without control characters they cannot play tricks on a terminal. */
function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
