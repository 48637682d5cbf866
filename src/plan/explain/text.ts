const LONGEST = 72;

/** Text in quotes. Container ids are shortened to the 12 digits people know, other long text loses its middle. */
export function quoteText(text: string): string {
  let shown = text.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, "$1…");
  if (shown.length > LONGEST) shown = `${shown.slice(0, LONGEST - 24)}…${shown.slice(-20)}`;
  return JSON.stringify(shown);
}

/** Bytes as text if they are printable (a NUL at the end does no harm), otherwise their number. */
export function bytesText(bytes: Uint8Array): string {
  const end = bytes.at(-1) === 0 ? bytes.indexOf(0) : bytes.length;
  const isFilled = bytes.subarray(end).every((byte) => byte === 0);
  if (end > 0 && isFilled) {
    const text = new TextDecoder().decode(bytes.subarray(0, end));
    if (!/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]/.test(text)) return quoteText(text);
  }
  return sizeText(bytes);
}

export function sizeText({ length }: Uint8Array): string {
  return length === 1 ? "{1 byte}" : `{${length} bytes}`;
}

/** `[a, b, … c]` */
export function listText(words: readonly string[], most = 6): string {
  if (words.length <= most) return `[${words.join(", ")}]`;
  return `[${words.slice(0, most - 1).join(", ")}, … ${words.length - most + 1} more]`;
}
