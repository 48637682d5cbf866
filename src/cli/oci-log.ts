import { appendFileSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import { errorLine } from "./report-error.ts";
import { printError } from "./stderr.ts";

/** Where `husk oci` tells of errors and warnings. */
export interface OciLog {
  /** `--log FILE`; undefined: stderr. */
  file: string | undefined;
  format: "text" | "json";
  /** The least important that is written. */
  level: LogLevel;
}

/** The more important, the further in front (logrus, which runc logs with). */
const levels = ["panic", "fatal", "error", "warning", "info", "debug", "trace"] as const;
type LogLevel = (typeof levels)[number];

/** The level that `--log-level` names. */
export function logLevel(name: string): LogLevel {
  const level = levels.find((known) => known === (name === "warn" ? "warning" : name));
  if (level === undefined)
    throw new HuskError("invalid", `not a valid logrus Level: ${JSON.stringify(name)}`);
  return level;
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

/** Tells of what is stricter than asked, or of what a person looks for who looks for a fault. */
export function logMessage(log: OciLog, level: "warning" | "debug", message: string): void {
  if (levels.indexOf(level) <= levels.indexOf(log.level)) writeLog(log, level, message);
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
