import { type existingPlaces, type GroupSpec, readSetting, showPlaces } from "../../cgroup/by-hand/index.ts";
import { printError } from "../stderr.ts";

type Places = ReturnType<typeof existingPlaces>;

/** How values are printed. */
interface Wishes {
  readonly explain: boolean;
  readonly valuesOnly: boolean;
  readonly noHeaders: boolean;
}

/**
 * Values of a group's files on stdout. One file alone is its bare content, as `cat` shows it; several stand behind
 * their names, as cgget(1) has them; none named: all.
 */
export function printValues(
  places: Places,
  spec: GroupSpec,
  names: readonly string[],
  { explain, valuesOnly, noHeaders }: Wishes,
  several: boolean,
): void {
  const values: [name: string, value: string][] = [];
  if (names.length === 0) {
    for (const { values: all } of showPlaces(places)) values.push(...Object.entries(all));
  }
  for (const name of names) {
    const { value, file, formula } = readSetting(places, spec, name);
    values.push([name, value]);
    if (explain) printError(`${name}: ${file}${formula === undefined ? "" : ` — ${formula}`}`);
  }
  if (several && !noHeaders) console.log(`${spec.text}:`);
  const bare = valuesOnly || (names.length === 1 && !several);
  for (const [name, value] of values) console.log(bare ? value : named(name, value));
}

/**
 * As cgget(1) prints it: the group, a line for each value, an empty line. Without `variables` these are the files of
 * the controllers that are asked for, or of all.
 */
export function printAsCgget(
  places: Places,
  spec: GroupSpec,
  { variables, explain, valuesOnly, noHeaders }: Wishes & { readonly variables: readonly string[] },
): void {
  const lines = noHeaders ? [] : [`${spec.text}:`];
  const add = (name: string, value: string): void => {
    lines.push(valuesOnly ? value.replaceAll("\n", "\n\t") : named(name, value));
  };
  for (const name of variables) {
    const { value, file, formula } = readSetting(places, spec, name);
    add(name, value);
    if (explain) printError(`${name}: ${file}${formula === undefined ? "" : ` — ${formula}`}`);
  }
  if (variables.length === 0) {
    for (const { values } of showPlaces(places))
      for (const name in values) if (isOf(spec, name)) add(name, values[name] as string);
  }
  if (!noHeaders) lines.push("");
  if (lines.length > 0) console.log(lines.join("\n"));
}

/** Whether a file belongs to one of the controllers that are asked for, under its name in either version. */
function isOf({ controllers }: GroupSpec, file: string): boolean {
  const dot = file.indexOf(".");
  const controller = file.slice(0, dot);
  if (dot < 1 || controller === "cgroup") return false;
  if (controllers === undefined || controllers.includes(controller)) return true;
  return (
    (controller === "io" && controllers.includes("blkio")) ||
    (controller === "blkio" && controllers.includes("io"))
  );
}

/** As cgget(1): further lines of a value are indented. */
export function named(name: string, value: string): string {
  return `${name}: ${value.replaceAll("\n", "\n\t")}`;
}
