import type { Ulimit, UlimitName } from "./run-options.ts";

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

/**
 * A limit in docker's spelling, `soft[:hard]` in the units of getrlimit(2); `-1` or `unlimited`: none. One number is
 * both.
 *
 * @returns what is expected instead, as a noun, if it is none
 */
export function readUlimit(wanted: string, value: string): Ulimit | string {
  const name = ULIMIT_NAMES.find((known) => known === wanted);
  if (name === undefined) return `name=soft[:hard] with one of the names ${ULIMIT_NAMES.join(", ")}`;
  const colon = value.indexOf(":");
  const soft = limit(colon === -1 ? value : value.slice(0, colon));
  const hard = colon === -1 ? soft : limit(value.slice(colon + 1));
  if (soft === undefined || hard === undefined)
    return `${name}=soft[:hard] with whole numbers, -1 for unlimited`;
  if (hard !== -1 && (soft === -1 || soft > hard)) return "the soft limit must not be above the hard limit";
  return { name, soft, hard };
}

function limit(text: string): number | undefined {
  if (text === "unlimited") return -1;
  const number = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return number >= -1 && Number.isSafeInteger(number) ? number : undefined;
}
