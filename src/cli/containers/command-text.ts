import type { ContainerRecord } from "../../engine/container/record.ts";

/** The program and its arguments in one line, as docker shows them: with quotes around those that have spaces. */
export function commandText({ options }: ContainerRecord): string {
  const [program = "", ...words] = options.command;
  return [program, ...words.map((word) => (word.includes(" ") ? `'${word}'` : word))].join(" ");
}
