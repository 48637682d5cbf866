import type { UserSpec } from "../../engine/run-options.ts";
import { invalidValue } from "./invalid.ts";

/** `name|uid[:group|gid]`. Ids reach from 0 to 2147483647: the kernel's -1 and wrapped ones are refused. */
export function parseUser(flag: string, value: string): UserSpec {
  const colon = value.indexOf(":");
  const user = nameOrId(colon === -1 ? value : value.slice(0, colon));
  const group = colon === -1 ? undefined : nameOrId(value.slice(colon + 1));
  if (user === undefined || (colon !== -1 && group === undefined)) {
    throw invalidValue(flag, value, "name|uid[:group|gid] with ids from 0 to 2147483647");
  }
  return group === undefined ? { user } : { user, group };
}

/** A group by name or id. */
export function parseGroup(flag: string, value: string): string | number {
  const group = nameOrId(value);
  if (group === undefined) throw invalidValue(flag, value, "a group's name or an id from 0 to 2147483647");
  return group;
}

/** Digits are an id, as in docker, even if a user of that name existed. */
function nameOrId(text: string): string | number | undefined {
  if (/^\d+$/.test(text)) {
    const id = Number(text);
    return id <= 0x7fffffff ? id : undefined;
  }
  return /^[^\s:,+-][^\s:,]*$/.test(text) ? text : undefined;
}
