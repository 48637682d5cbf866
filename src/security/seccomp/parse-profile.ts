/**
 * Parses JSON whose integers may have 64 bits: those a double cannot hold exactly become bigints. Seccomp
 * profiles compare addresses and masks such as 18446744073709551615. Throws SyntaxError as JSON.parse does.
 */
export function parseExactJson(text: string): unknown {
  // Only digits in a row can be such a number; most profiles have none.
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, function (
    this: unknown,
    _key: string,
    value: unknown,
    context?: { source?: string },
  ) {
    if (typeof value !== "number" || Number.isSafeInteger(value) || !Number.isInteger(value)) return value;
    const source = context?.source;
    return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
  } as (key: string, value: unknown) => unknown);
}
