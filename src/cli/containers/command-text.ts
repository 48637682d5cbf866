import { commandOf, type ContainerRecord } from "../../engine/container/record.ts";

/** The program and its arguments in one line, as docker shows them: with quotes around those that have spaces. */
export function commandText(record: ContainerRecord): string {
  const [program = "", ...words] = commandOf(record);
  return [program, ...words.map((word) => (word.includes(" ") ? `'${word}'` : word))].join(" ");
}
