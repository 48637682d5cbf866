import { bytesOfSize } from "../../platform/size.ts";
import type { LogDriver, LogOptions } from "../run-options.ts";
import { isTag, tagForm } from "./tag.ts";

/** The drivers there are; docker's name for its own files means husk's own here. */
export const LOG_DRIVERS = "husk, none, json-file or journald";

/** A driver by its name; undefined: there is none. */
export function logDriverNamed(name: string): LogDriver | undefined {
  if (name === "local") return "husk";
  return name === "husk" || name === "none" || name === "json-file" || name === "journald" ? name : undefined;
}

/** What the options `--log-opt` knows add up to while they are read. */
export type LogDraft = { -readonly [K in keyof LogOptions]: LogOptions[K] };

/**
 * Takes one of `--log-opt`'s settings, by docker's names.
 *
 * @returns what is expected instead, as a noun, if it makes no sense
 */
export function setLogOption(log: LogDraft, name: string, value: string): string | undefined {
  switch (name) {
    case "max-size": {
      const size = value === "-1" ? 0 : bytesOfSize(value);
      if (size === undefined) return "max-size=SIZE such as 10m";
      if (size === 0) delete log.maxSize;
      else log.maxSize = size;
      return undefined;
    }
    case "max-file":
      if (!/^[1-9]\d{0,2}$|^1000$/.test(value)) return "max-file=NUMBER, of files, from 1 to 1000";
      log.maxFile = Number(value);
      return undefined;
    case "labels":
      log.labels = words(value);
      return undefined;
    case "env":
      log.env = words(value);
      return undefined;
    case "tag":
      if (!isTag(value)) return `tag=TEXT, ${tagForm()}`;
      log.tag = value;
      return undefined;
    default:
      return "max-size=SIZE, max-file=NUMBER, labels=NAMES, env=NAMES or tag=TEXT";
  }
}

function words(value: string): string[] {
  return value.split(",").filter((word) => word !== "");
}
