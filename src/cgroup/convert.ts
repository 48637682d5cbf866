/**
 * `cpu.shares` of v1 (2–262144, usually 1024) as `cpu.weight` of v2 (1–10000, usually 100).
 *
 * The curve of runc 1.3.2 and crun 1.23, through 2→1, 1024→100 and 262144→10000:
 * 10^((l² + 125 l) / 612 − 7/34) rounded up, with l = log2 of the shares.
 * (The straight line that went before made 39 of 1024.)
 */
export function cpuWeight(shares: number): number {
  if (shares <= 2) return 1;
  if (shares >= 262144) return 10000;
  const l = Math.log2(shares);
  return Math.ceil(10 ** ((l * l + 125 * l) / 612 - 7 / 34));
}

/** A block I/O weight (10–1000) as `io.weight` of v2 (1–10000): 1 + (weight − 10) · 9999 / 990. */
export function ioWeight(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}

/** Bytes as a person writes them: `64 MiB`, `1.5 GiB`, `1000 bytes`. */
export function sizeText(bytes: number): string {
  const units = ["GiB", "MiB", "KiB"];
  let unit = 1024 ** 3;
  for (const name of units) {
    const tenths = (bytes / unit) * 10;
    if (bytes >= unit && Number.isInteger(tenths)) return `${tenths / 10} ${name}`;
    unit /= 1024;
  }
  return `${bytes} bytes`;
}
