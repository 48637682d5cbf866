import type { Settings } from "./settings.ts";

/** Settings while they are read. */
export type SettingsDraft = { -readonly [K in keyof Settings]?: Settings[K] };

/** Says what is expected, as a noun; comes back never. */
export type Refuse = (expected: string) => never;

/** The members of an object. */
export function entries(value: unknown, expected: string, refuse: Refuse): [string, unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse(expected);
  return Object.entries(value);
}
