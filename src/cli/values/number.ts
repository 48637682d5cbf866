import { invalidValue } from "./invalid.ts";

/**
 * A whole number in decimal digits, `least` to `most`.
 *
 * @param accepted what the flag takes; absent: the range in words
 */
export function parseInteger(
  flag: string,
  value: string,
  least: number,
  most: number,
  accepted?: string,
): number {
  const number = toInteger(value);
  if (number === undefined || number < least || number > most) {
    throw invalidValue(flag, value, accepted ?? `a whole number ${range(least, most)}`);
  }
  return number;
}

/** Decimal digits with an optional minus sign; undefined for anything else, also past 2^53. */
export function toInteger(value: string): number | undefined {
  const first = value[0] === "-" ? 1 : 0;
  if (value.length === first || value.length > 17) return undefined;
  for (let at = first; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code < 48 || code > 57) return undefined;
  }
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

function range(least: number, most: number): string {
  return most === Number.MAX_SAFE_INTEGER ? `from ${least} up` : `from ${least} to ${most}`;
}
