/** Whether a text is an IPv4 or IPv6 address as people write it, without a zone. */
export function isAddress(text: string): boolean {
  return text.includes(":") ? isV6(text) : isV4(text);
}

export function isV4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
}

/** Eight groups of 16 bits; `::` stands for at least one of zero, an IPv4 address at the end for two. */
export function isV6(text: string): boolean {
  const colon = text.lastIndexOf(":");
  const tail = text.slice(colon + 1);
  const whole = tail.includes(".") ? (isV4(tail) ? `${text.slice(0, colon + 1)}0:0` : "") : text;
  const halves = whole.split("::");
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const isWhole = halves.length === 1 ? groups.length === 8 : halves.length === 2 && groups.length < 8;
  return isWhole && groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group));
}
