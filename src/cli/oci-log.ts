import { appendFileSync } from "node:fs";
import { errorLine } from "./report-error.ts";
import { printError } from "./stderr.ts";

/** Where `husk oci` tells of errors and warnings. */
export interface OciLog {
  /** `--log FILE`; undefined: stderr. */
  file: string | undefined;
  format: "text" | "json";
  /** Warnings are written. */
  warns: boolean;
}

/**
 * Tells of an error in the form runc has: a line of logfmt or JSON on stderr, or in the log file with the plain words
 * on stderr. Callers such as containerd read the reason of a failure from there.
 */
export function logError(log: OciLog, error: unknown, before = ""): void {
  const message = before + errorLine(error);
  writeLog(log, "error", message);
  if (log.file !== undefined) printError(message);
}

/** Tells of what is stricter than asked. */
export function logWarning(log: OciLog, message: string): void {
  if (log.warns) writeLog(log, "warning", message);
}

function writeLog({ file, format }: OciLog, level: string, msg: string): void {
  const time = `${new Date().toISOString().slice(0, 19)}Z`;
  const line =
    format === "json"
      ? JSON.stringify({ level, msg, time })
      : `time=${quoted(time)} level=${level} msg=${quoted(msg)}`;
  if (file === undefined) return printError(line);
  try {
    appendFileSync(file, `${line}\n`);
  } catch (cause) {
    printError(`husk: cannot write the log ${file}: ${errorLine(cause)}`);
  }
}

/** As logrus quotes: only what has other characters than a plain word's. */
function quoted(text: string): string {
  return /^[\w./@^+-]+$/.test(text) ? text : JSON.stringify(text);
}
