import { appendFileSync } from "node:fs";
import { errorLine } from "./report-error.ts";
import { printError } from "./stderr.ts";

/**
 * Appends an error to the log of `husk oci --log FILE`, in the forms runc has: logfmt, or one JSON
 * object a line. Callers such as containerd read the reason of a failure from there.
 */
export function logError(path: string, format: "text" | "json", error: unknown): void {
  const time = new Date().toISOString();
  const msg = errorLine(error);
  const line =
    format === "json"
      ? JSON.stringify({ level: "error", msg, time })
      : `time="${time}" level=error msg=${JSON.stringify(msg)}`;
  try {
    appendFileSync(path, `${line}\n`);
  } catch (cause) {
    printError(`husk: cannot write the log ${path}: ${errorLine(cause)}`);
  }
}
