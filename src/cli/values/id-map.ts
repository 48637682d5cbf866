import type { IdMap } from "../../engine/run-options.ts";
import { invalidValue } from "./invalid.ts";
import { toInteger } from "./number.ts";

/** `container:host[:length]`: ids from `container` on are the host's from `host` on (user_namespaces(7)). */
export function parseIdMap(flag: string, value: string): IdMap {
  const [container, host, length = "1", more] = value.split(":");
  const containerID = id(container);
  const hostID = id(host);
  const size = toInteger(length);
  if (
    containerID === undefined ||
    hostID === undefined ||
    size === undefined ||
    size < 1 ||
    containerID + size > 0xffffffff ||
    hostID + size > 0xffffffff ||
    more !== undefined
  ) {
    throw invalidValue(flag, value, "container:host:length, such as 0:100000:65536");
  }
  return { containerID, hostID, size };
}

/** Maps in nsroot's spelling too: several with commas between, and blanks instead of colons (`0 1000 1`). */
export function parseIdMaps(flag: string, value: string): IdMap[] {
  return value.split(",").map((map) => parseIdMap(flag, map.trim().replace(/[ \t]+/g, ":")));
}

function id(text: string | undefined): number | undefined {
  const number = text === undefined ? undefined : toInteger(text);
  return number === undefined || number < 0 || number >= 0xffffffff ? undefined : number;
}
