import type { Ulimit } from "../../engine/run-options.ts";
import { readUlimit } from "../../engine/ulimit.ts";
import { invalidValue } from "./invalid.ts";

/** `name=soft[:hard]`; see {@link readUlimit}. */
export function parseUlimit(flag: string, value: string): Ulimit {
  const equals = value.indexOf("=");
  const ulimit = readUlimit(value.slice(0, Math.max(equals, 0)), value.slice(equals + 1));
  if (typeof ulimit === "string") throw invalidValue(flag, value, ulimit);
  return ulimit;
}
