import { toInteger } from "./number.ts";
import { invalidValue } from "./invalid.ts";

const MILLISECONDS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Milliseconds from Go's spelling (`90s`, `1h30m`, `1.5s`, `250ms`) or a number of seconds. More than
 * nothing never becomes 0, which would mean "never".
 */
export function parseDuration(flag: string, value: string): number {
  const seconds = toInteger(value);
  const total = seconds === undefined ? parts(value) : seconds * 1000;
  if (!(total >= 0 && total <= Number.MAX_SAFE_INTEGER)) {
    throw invalidValue(flag, value, "a time such as 10s, 1m30s, 250ms or a number of seconds");
  }
  return Math.ceil(total);
}

function parts(value: string): number {
  let total = 0;
  let rest = value;
  do {
    const part = /^(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/.exec(rest);
    if (part === null) return Number.NaN;
    total += Number(part[1]) * (MILLISECONDS[part[2] as string] as number);
    rest = rest.slice(part[0].length);
  } while (rest !== "");
  return total;
}
