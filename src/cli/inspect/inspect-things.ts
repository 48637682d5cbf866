import { HuskError } from "../../platform/error.ts";
import { formatInspected } from "../format/index.ts";
import { reportError } from "../report-error.ts";
import { INSPECTORS, type InspectOptions, type Inspector } from "./inspectors.ts";

/**
 * Prints what docker's inspect tells of things; those that are there also if others are not.
 *
 * @param kind only things of this kind; absent: whatever has the name
 * @returns the exit status: docker's 1 if one is not there
 */
export async function inspectThings(
  names: readonly string[],
  kind: string | undefined,
  format: string | undefined,
  options: InspectOptions,
): Promise<0 | 1> {
  const chosen = INSPECTORS.filter(([name]) => kind === undefined || name === kind);
  // Images and their store only when it is no container.
  const loaded = new Map<string, Inspector>();
  const found: { thing: object; kind: string }[] = [];
  let missing: string | undefined;
  for (const name of names) {
    let isThere = false;
    for (const [type, load] of chosen) {
      const inspector = loaded.get(type) ?? (await load(options));
      loaded.set(type, inspector);
      const thing = await inspector.find(name);
      if (thing === undefined) continue;
      found.push({ thing, kind: type });
      isThere = true;
      break;
    }
    if (!isThere) missing ??= name;
  }
  const isTemplate = format !== undefined && format !== "" && format !== "json";
  if (!isTemplate)
    process.stdout.write(
      formatInspected(
        found.map(({ thing }) => thing),
        format,
        "",
      ),
    );
  else
    for (const { thing, kind: type } of found) process.stdout.write(formatInspected([thing], format, type));
  if (missing === undefined) return 0;
  reportError(
    new HuskError("not-found", `there is no ${kind ?? "object"} ${missing}`, {
      hint: `looked for: ${chosen.map(([name]) => name).join(", ")}`,
    }),
    options.globals.debug,
  );
  return 1;
}
