/**
 * Bytes from docker's spelling: `512m`, `1.5g`, `64KiB`, `1048576`. Units are powers of 1024, in any case, with or
 * without `b` or `ib`; a fraction of a byte is cut off.
 *
 * @returns undefined for anything else
 */
export function bytesOfSize(text: string): number | undefined {
  let digits = 0;
  while (digits < text.length && isDigitOrDot(text.charCodeAt(digits))) digits++;
  const bytes = Math.floor(Number(text.slice(0, digits)) * unit(text, digits));
  return digits === 0 || !(bytes <= Number.MAX_SAFE_INTEGER) ? undefined : bytes;
}

function isDigitOrDot(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 46;
}

/** The factor of the unit that begins at `at`; NaN if it is none. */
function unit(value: string, at: number): number {
  const text = value.slice(value[at] === " " ? at + 1 : at).toLowerCase();
  if (text === "" || text === "b") return 1;
  const power = "kmgtp".indexOf(text[0] as string) + 1;
  const rest = text.slice(1);
  if (power === 0 || (rest !== "" && rest !== "b" && rest !== "ib")) return Number.NaN;
  return 1024 ** power;
}
