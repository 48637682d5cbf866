import { quote } from "../plan/index.ts";

/** The shell command that writes a value into a file of a control group. */
export function echoInto(value: string, file: string): string {
  return `echo ${quote(value)} > ${quote(file)}`;
}
