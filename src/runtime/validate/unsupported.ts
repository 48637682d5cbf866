import { HuskError } from "../../platform/error.ts";
import type { Json } from "./field.ts";

/**
 * Refuses fields that this version does not perform: what is asked for is done or refused, never
 * left out silently. A field that asks for nothing (`{}`, `[]`) passes.
 *
 * @throws HuskError "unsupported"
 */
export function refuseLaterWork(linux: Json | undefined): void {
  if (linux === undefined) return;
  later(linux, "netDevices", "linux");
  later(linux, "intelRdt", "linux");
}

function later(from: Json, key: string, at: string): void {
  const value = from[key];
  if (value === undefined) return;
  if (asksNothing(value)) {
    delete from[key];
    return;
  }
  throw new HuskError("unsupported", `${at === "" ? key : `${at}.${key}`}: not in this version of husk`);
}

/** No depth of nesting in a config passes here: one level is looked into. */
function asksNothing(value: unknown): boolean {
  if (value === null || value === "") return true;
  if (typeof value !== "object") return false;
  for (const key in value) {
    const inner = (value as Json)[key];
    if (inner !== null && !(Array.isArray(inner) && inner.length === 0)) return false;
  }
  return true;
}
