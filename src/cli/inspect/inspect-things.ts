import { HuskError } from "../../platform/error.ts";
import { print } from "../byte-output.ts";
import { formatInspected } from "../format/index.ts";
import { reportError } from "../report-error.ts";
import { INSPECTORS, type InspectOptions, type Inspector } from "./inspectors.ts";

interface Found {
  readonly thing: object;
  readonly kind: string;
}

/**
 * Prints what docker's inspect tells of things; those that are there also if others are not.
 *
 * @param kind only things of this kind; absent: whatever has the name
 * @returns the exit status: docker's 1 if one is not there, or the template does not fit one
 */
export async function inspectThings(
  names: readonly string[],
  kind: string | undefined,
  format: string | undefined,
  options: InspectOptions,
): Promise<0 | 1> {
  // What is wrong with the template itself is said once.
  formatInspected([], format, "");
  const find = finder(kind, options);
  const found: Found[] = [];
  const failures: unknown[] = [];
  for (const name of names) {
    const one = await find(name);
    if (one === undefined) failures.push(noSuch(kind, name));
    else found.push(one);
  }
  const isTemplate = format !== undefined && format !== "" && format !== "json";
  if (!isTemplate) {
    const things = found.map(({ thing }) => thing);
    print(formatInspected(things, format, ""));
  } else
    for (const { thing, kind: type } of found)
      try {
        print(formatInspected([thing], format, type));
      } catch (error) {
        if (!(error instanceof HuskError)) throw error;
        failures.push(error);
      }
  for (const failure of failures) reportError(failure, options.globals.debug);
  return failures.length === 0 ? 0 : 1;
}

/** Looks for a name among the kinds in turn. Images and their store are loaded only when it is no container. */
function finder(
  kind: string | undefined,
  options: InspectOptions,
): (name: string) => Promise<Found | undefined> {
  const chosen = INSPECTORS.filter(([type]) => kind === undefined || type === kind);
  const loaded = new Map<string, Inspector>();
  return async (name) => {
    for (const [type, load] of chosen) {
      const inspector = loaded.get(type) ?? (await load(options));
      loaded.set(type, inspector);
      const thing = await inspector.find(name);
      if (thing !== undefined) return { thing, kind: type };
    }
    return undefined;
  };
}

/** docker's words. */
function noSuch(kind: string | undefined, name: string): HuskError {
  return new HuskError("not-found", `No such ${kind ?? "object"}: ${name}`, {
    hint: `looked for: ${kind ?? INSPECTORS.map(([type]) => type).join(", ")}`,
  });
}
