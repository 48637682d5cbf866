import type { TarTime } from "./entry.ts";

/*
 * Numbers in headers: octal text that ends in a space or NUL (POSIX.1-2017, pax, "ustar Interchange Format"), or
 * where the first byte's highest bit is set, GNU's base 256: big endian, two's complement.
 */

/** Reads a field; undefined if it is malformed or beyond 2^53. An empty field is 0. */
export function readNumber(block: Uint8Array, at: number, length: number): number | undefined {
  const first = block[at] as number;
  if ((first & 0x80) !== 0) return readBase256(block, at, length);
  const end = at + length;
  let i = at;
  while (i < end && (block[i] === 0x20 || block[i] === 0)) i++;
  let value = 0;
  for (; i < end; i++) {
    const digit = (block[i] as number) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; i < end; i++) if (block[i] !== 0x20 && block[i] !== 0) return undefined;
  return Number.isSafeInteger(value) ? value : undefined;
}

function readBase256(block: Uint8Array, at: number, length: number): number | undefined {
  const negative = ((block[at] as number) & 0x40) !== 0;
  let value = (block[at] as number) & 0x3f;
  if (negative) value -= 0x40;
  for (let i = at + 1; i < at + length; i++) {
    value = value * 256 + (block[i] as number);
    if (!Number.isSafeInteger(value)) return undefined;
  }
  return value;
}

/** Whether a number can be written as octal digits in a field, with a NUL behind. */
export function fitsOctal(value: number, length: number): boolean {
  return value >= 0 && value < 8 ** (length - 1);
}

/** Writes zero-padded octal digits and a NUL. */
export function writeOctal(block: Uint8Array, at: number, length: number, value: number): void {
  let rest = value;
  for (let i = at + length - 2; i >= at; i--) {
    block[i] = 0x30 + (rest % 8);
    rest = Math.floor(rest / 8);
  }
  block[at + length - 1] = 0;
}

/** Decimal digits without sign; undefined for anything else and beyond 2^53. */
export function parseDecimal(text: string): number | undefined {
  if (!/^[0-9]{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** PAX time: decimal seconds, perhaps negative, perhaps with a fraction, cut to nanoseconds (towards the past). */
export function parseTime(text: string): TarTime | undefined {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(text);
  if (match === null) return undefined;
  const whole = Number(match[2]);
  const digits = match[3] ?? "";
  const fraction = Number(digits.slice(0, 9).padEnd(9, "0"));
  if (match[1] === "") return { seconds: whole, nanoseconds: fraction };
  const below = fraction + (/[1-9]/.test(digits.slice(9)) ? 1 : 0);
  if (below === 0) return { seconds: whole === 0 ? 0 : -whole, nanoseconds: 0 };
  return { seconds: -whole - 1, nanoseconds: 1_000_000_000 - below };
}

/** The shortest text that {@link parseTime} reads as this time. */
export function formatTime({ seconds, nanoseconds }: TarTime): string {
  if (nanoseconds === 0) return `${seconds}`;
  const negative = seconds < 0;
  const whole = negative ? -seconds - 1 : seconds;
  const fraction = `${negative ? 1_000_000_000 - nanoseconds : nanoseconds}`
    .padStart(9, "0")
    .replace(/0+$/, "");
  return `${negative ? "-" : ""}${whole}.${fraction}`;
}
