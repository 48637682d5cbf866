import type { Ulimit, UlimitName } from "../../engine/run-options.ts";
import { invalidValue } from "./invalid.ts";
import { toInteger } from "./number.ts";

export const ULIMIT_NAMES: readonly UlimitName[] = [
  "as",
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
];

/** `name=soft[:hard]` in the units of getrlimit(2); `-1` or `unlimited`: no limit. One number is both. */
export function parseUlimit(flag: string, value: string): Ulimit {
  const equals = value.indexOf("=");
  const name = ULIMIT_NAMES.find((known) => known === value.slice(0, equals));
  if (equals === -1 || name === undefined) {
    throw invalidValue(flag, value, `name=soft[:hard] with one of the names ${ULIMIT_NAMES.join(", ")}`);
  }
  const colon = value.indexOf(":", equals);
  const soft = limit(value.slice(equals + 1, colon === -1 ? undefined : colon));
  const hard = colon === -1 ? soft : limit(value.slice(colon + 1));
  if (soft === undefined || hard === undefined) {
    throw invalidValue(flag, value, `${name}=soft[:hard] with whole numbers, -1 for unlimited`);
  }
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    throw invalidValue(flag, value, `the soft limit must not be above the hard limit`);
  }
  return { name, soft, hard };
}

function limit(text: string): number | undefined {
  const number = text === "unlimited" ? -1 : toInteger(text);
  return number === undefined || number < -1 ? undefined : number;
}
