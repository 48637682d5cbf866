/** Bytes as docker shows them: `4.05MB`. */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))}${units[unit]}`;
}

/** How long ago, as docker says it: `3 weeks ago`. */
export function ago(created: string | undefined, now: number = Date.now()): string {
  const seconds = (now - Date.parse(created ?? "")) / 1000;
  if (!Number.isFinite(seconds)) return "N/A";
  for (const [name, length] of [
    ["year", 31_557_600],
    ["month", 2_629_800],
    ["week", 604_800],
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ] as const) {
    const count = Math.floor(seconds / length);
    if (count >= (name === "year" || name === "month" || name === "week" ? 2 : 1))
      return `${count} ${name}${count === 1 ? "" : "s"} ago`;
  }
  return seconds < 0 ? "in the future" : `${Math.floor(seconds)} seconds ago`;
}

/** Columns as docker lays them out. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i + 1 === row.length ? cell : cell.padEnd((widths[i] ?? 0) + 3)))
        .join("")
        .trimEnd(),
    )
    .join("\n");
}
