import { refusedValue } from "./invalid.ts";
import { parseDuration } from "./duration.ts";

const BILLION = 1_000_000_000n;

/**
 * Nanoseconds since 1970 from what docker takes for `--since` and `--until`: RFC 3339 with as much of it as is known
 * (`2026-01-02`, `2026-01-02T13:23`, in this machine's zone unless it says one), seconds since 1970 with a fraction,
 * or a duration before now (`42m`, `1h30m`).
 *
 * @param now milliseconds since 1970
 * @throws HuskError "invalid"
 */
export function parseMoment(flag: string, value: string, now: number = Date.now()): bigint {
  const seconds = /^(-?\d+)(?:\.(\d{1,9}))?$/.exec(value);
  if (seconds !== null) {
    const fraction = BigInt((seconds[2] ?? "").padEnd(9, "0"));
    return BigInt(seconds[1] as string) * BILLION + fraction;
  }
  const parts =
    /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(value);
  if (parts !== null) {
    const [, date, hour = "00", minute = "00", second = "00", fraction = "", zone = ""] = parts;
    const time = Date.parse(`${date}T${hour}:${minute}:${second}${zone}`);
    if (!Number.isNaN(time)) return (BigInt(time) / 1000n) * BILLION + BigInt(fraction.padEnd(9, "0"));
  }
  const isPast = !value.startsWith("-");
  try {
    const milliseconds = parseDuration(flag, isPast ? value : value.slice(1));
    return BigInt(Math.round(isPast ? now - milliseconds : now + milliseconds)) * 1_000_000n;
  } catch {
    throw refusedValue(flag, value, "a moment such as 2026-01-02T13:23:37Z, seconds since 1970, or 42m");
  }
}
