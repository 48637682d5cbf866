import { HuskError } from "../../platform/error.ts";
import { invalidValue, refusedValue } from "./invalid.ts";

/** Values by key, in the order given: `--filter label=a --filter label=b`. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/**
 * Reads `--filter KEY=VALUE…` as docker does; keys and values are trimmed, keys taken in lower case.
 *
 * @param known the keys there are
 * @throws HuskError "invalid"
 */
export function parseFilters(texts: readonly string[], known: readonly string[]): Filters {
  const filters = new Map<string, string[]>();
  for (const text of texts) {
    if (text === "") continue;
    const equals = text.indexOf("=");
    if (equals <= 0) throw invalidValue("filter", text, `KEY=VALUE; keys are ${known.join(", ")}`);
    const key = text.slice(0, equals).trim().toLowerCase();
    if (!known.includes(key))
      throw new HuskError("invalid", `invalid filter '${key}'`, { hint: `there are ${known.join(", ")}` });
    filters.set(key, [...(filters.get(key) ?? []), text.slice(equals + 1).trim()]);
  }
  return filters;
}

/** Whether labels have all that `label=NAME` and `label=NAME=VALUE` ask for, and nothing `label!` names. */
export function labelsMatch(filters: Filters, labels: Readonly<Record<string, string>>): boolean {
  const has = (wanted: string): boolean => {
    const equals = wanted.indexOf("=");
    return equals === -1
      ? Object.hasOwn(labels, wanted)
      : labels[wanted.slice(0, equals)] === wanted.slice(equals + 1);
  };
  return (filters.get("label") ?? []).every(has) && !(filters.get("label!") ?? []).some(has);
}

/**
 * The one value of a filter that is a switch.
 *
 * @throws HuskError "invalid" for anything but docker's words for yes and no
 */
export function switchFilter(filters: Filters, key: string): boolean | undefined {
  const value = filters.get(key)?.at(-1);
  if (value === undefined) return undefined;
  if (["1", "true", "t"].includes(value.toLowerCase())) return true;
  if (["0", "false", "f"].includes(value.toLowerCase())) return false;
  throw refusedValue("filter", `${key}=${value}`, `${key} is true or false`);
}
