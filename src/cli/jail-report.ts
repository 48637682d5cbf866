import type { JailListing, MadeJail, PlannedJail } from "../jail/index.ts";
import type { Palette } from "./terminal.ts";

/** What `husk jail make` did, a line for each file and link. */
export function madeText({ folder, changes }: MadeJail): string {
  const shown = changes.filter(({ action }) => action !== "made");
  const rows = shown.map(({ action, path, target, role, of }) => [
    action,
    target === undefined ? path : `${path} → ${target}`,
    role === undefined || role === "program" ? (role ?? "") : `${role} of ${of ?? ""}`,
  ]);
  const count = (wanted: string): number => shown.filter(({ action }) => action === wanted).length;
  let bytes = 0;
  for (const { action, bytes: size = 0 } of shown) if (action !== "kept") bytes += size;
  const parts = [`${count("copied")} copied`, `${count("linked")} linked`, `${count("kept")} kept`];
  if (count("replaced") > 0) parts.splice(1, 0, `${count("replaced")} replaced`);
  return [...table(rows), `jail ${folder}: ${parts.join(", ")}, ${sizeText(bytes)} written`].join("\n");
}

/** What `husk jail make --dry-run` would copy, and why. */
export function plannedText({ needs }: PlannedJail): string {
  return table(
    needs.map(({ role, path, of, how }) => [
      role,
      path,
      [of === undefined ? "" : `of ${of}`, how ?? ""].filter((text) => text !== "").join(", "),
    ]),
  ).join("\n");
}

/** What a jail holds and lacks. */
export function listingText({ folder, programs, expected, notes }: JailListing, paint: Palette): string {
  const yes = paint.green("✓");
  const no = paint.red("✗");
  const lines = [`Jail ${folder}: ${programs.length} ${programs.length === 1 ? "program" : "programs"}`, ""];
  const rows = programs.map(({ path, names, kind, machine, needs, lacks }) => {
    const libraries = needs.filter(({ role }) => role === "library").length;
    const others = names.length > 3 ? `also under ${names.length} names` : names.join(" ");
    return [
      lacks.length === 0 ? yes : no,
      path,
      `${kind} ${machine ?? "?"}`,
      lacks.length > 0
        ? `lacks ${lacks.map(({ role, name }) => `${role} ${name}`).join(", ")}`
        : kind === "static"
          ? "needs nothing else"
          : `with ${libraries} ${libraries === 1 ? "library" : "libraries"}`,
      others,
    ];
  });
  lines.push(...table(rows), "");
  lines.push(
    ...table(
      expected.map(({ path, present, why, mend }) =>
        present ? [yes, path, ""] : [paint.yellow("!"), path, `missing: ${why} — ${mend}`],
      ),
    ),
  );
  if (notes.length > 0) lines.push("", ...notes);
  return lines.join("\n");
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join("  ")
      .trimEnd(),
  );
}

function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
