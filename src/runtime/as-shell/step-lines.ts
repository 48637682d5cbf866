import type { Operation, Step } from "../../plan/index.ts";

/** Columns of a comment. */
const WIDTH = 116;

/** The comment that stands for a step: an empty line, then its title and reason. */
export function stepHead({ title, why }: Step): string[] {
  const words = `${title}${why === "" ? "" : ` — ${why}`}`.split(/\s+/);
  const lines = [""];
  let line = "#";
  for (const word of words) {
    if (line.length + word.length >= WIDTH) {
      lines.push(line);
      line = "#  ";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** A step with its commands. */
export function stepLines(step: Step): string[] {
  return [...stepHead(step), ...(step.shell?.() ?? "#   a shell has no command for this").split("\n")];
}

/** Whether a step makes this system call, not counting what it does only after a failure. */
export function calls(step: Step, name: string): boolean {
  return step.operations.some((operation) => operation.kind === "call" && operation.name === name);
}

/** Whether a step has an operation of this kind. */
export function has(step: Step, kind: Operation["kind"]): boolean {
  return step.operations.some((operation) => operation.kind === kind);
}
