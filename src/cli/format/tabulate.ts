/** Spaces between columns, and the least width of one with them. */
const PADDING = 3;
const NARROWEST = 10;

/**
 * Lays out lines whose cells end in tabs, as docker does by Go's text/tabwriter: a column is a block of
 * consecutive lines that have a cell there; what stands behind a line's last tab belongs to no column.
 */
export function tabulate(text: string): string {
  const lines = text.split("\n").map((line) => line.split("\t"));
  const widths = lines.map((): number[] => []);
  layOut(lines, widths, 0, 0, lines.length);
  return lines
    .map((cells, row) =>
      cells
        .map((cell, i) =>
          i + 1 === cells.length ? cell : cell + " ".repeat((widths[row]?.[i] ?? 0) - length(cell)),
        )
        .join(""),
    )
    .join("\n");
}

function layOut(lines: string[][], widths: number[][], column: number, from: number, to: number): void {
  for (let start = from; start < to; start++) {
    if (!hasCell(lines, start, column)) continue;
    let end = start;
    let width = NARROWEST;
    for (; end < to && hasCell(lines, end, column); end++)
      width = Math.max(width, length(lines[end]?.[column] ?? "") + PADDING);
    for (let row = start; row < end; row++) widths[row]?.push(width);
    layOut(lines, widths, column + 1, start, end);
    start = end;
  }
}

function hasCell(lines: string[][], row: number, column: number): boolean {
  return column + 1 < (lines[row]?.length ?? 0);
}

function length(text: string): number {
  return [...text].length;
}
