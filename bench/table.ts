import type { Figure, Ratio, Result, Timed } from "./result.ts";

/** A result for people: a table, the bound beside each ratio, ✓ within and ✗ outside. */
export function formatResult({ name, about, timed, figures, notes }: Result): string {
  const lines = [`${name} — ${about}`];
  if (timed.length > 0) {
    lines.push(row("", "min", "median", "p90", "cpu min", "cpu median"));
    for (const entry of timed) lines.push(...formatTimed(entry));
  }
  for (const figure of figures) lines.push(formatFigure(figure));
  for (const note of notes) lines.push(`    ${note}`);
  return lines.join("\n");
}

function row(name: string, ...cells: readonly string[]): string {
  return `  ${name.padEnd(28)}${cells.map((cell) => cell.padStart(11)).join("")}`;
}

function formatTimed({ name, wall, cpu, failed, against }: Timed): string[] {
  const cells = [wall.min, wall.median, wall.p90, cpu.min, cpu.median].map(
    (value) => `${value.toFixed(2)} ms`,
  );
  const notes = failed === undefined ? [] : [`      ${failed}`];
  return [row(name, ...cells), ...notes, ...against.map(formatRatio)];
}

function formatRatio({ peer, byMedian, byMin, byCpu, bound }: Ratio): string {
  const wanted = bound === undefined ? "" : ` (at most ${digits(bound)} ${byMedian <= bound ? "✓" : "✗"})`;
  return `      ${digits(byMedian)}× ${peer}${wanted}; by min ${digits(byMin)}×, by cpu ${digits(byCpu)}×`;
}

function formatFigure({ name, value, unit, bound, atLeast }: Figure): string {
  const shown = `  ${name.padEnd(44)}${value.toFixed(value < 10 ? 3 : 1).padStart(9)} ${unit}`;
  if (bound === undefined) return shown;
  const within = atLeast === true ? value >= bound : value <= bound;
  return `${shown} (at ${atLeast === true ? "least" : "most"} ${digits(bound)} ${within ? "✓" : "✗"})`;
}

function digits(value: number): string {
  return Number.isInteger(value) && value > 1 ? String(value) : value.toFixed(2);
}
