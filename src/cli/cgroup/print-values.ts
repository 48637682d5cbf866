import { type existingPlaces, type GroupSpec, readSetting, showPlaces } from "../../cgroup/by-hand/index.ts";
import { printError } from "../stderr.ts";

type Places = ReturnType<typeof existingPlaces>;

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

/** As cgget(1): further lines of a value are indented. */
export function named(name: string, value: string): string {
  return `${name}: ${value.replaceAll("\n", "\n\t")}`;
}
