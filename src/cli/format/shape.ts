/*
 * In Go a value is a struct, whose fields are known, or a map, in which anything may be missing; JSON does not tell
 * which. Objects count as maps unless they were described here as something else.
 */

interface Shape {
  /** Go's name of the type, for errors. */
  readonly type: string;
  readonly kind: "struct" | "row";
}

const shapes = new WeakMap<object, Shape>();

/** Objects in docker's answers that are maps, by their name, or their parent's and theirs. */
const MAPS = new Set(
  (
    "Annotations AuxiliaryAddresses Containers Data DriverOpts ExposedPorts IPAMOptions Labels LogConfig.Config " +
    "Networks Options Ports PortBindings Rates StorageOpt Sysctls Tmpfs Volumes Actor.Attributes Attributes Runtimes " +
    "RemoteConfig"
  ).split(" "),
);

/** Maps of anything: what is in them are maps, too. */
const LOOSE = new Set(["Metadata", "Status"]);

/** Fields in docker's answers whose null is a pointer to nothing, not an empty list. */
const POINTERS = new Set("Health Healthcheck Init MemorySwappiness OomKillDisable PidsLimit".split(" "));

/** Says that `value` and what is in it are structs, but for the maps of docker's API. Returns it. */
export function asStructs<T>(value: T, type: string): T {
  describe(value, type, type, "");
  return value;
}

function describe(value: unknown, type: string, name: string, parent: string): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) describe(item, type, name, parent);
    return;
  }
  if (LOOSE.has(name)) return;
  const isMap = MAPS.has(name) || MAPS.has(`${parent}.${name}`);
  if (!isMap) shapes.set(value, { type, kind: "struct" });
  // What a map holds is named by it, so that the values of Labels are not taken for maps themselves.
  for (const [key, inner] of Object.entries(value))
    describe(inner, isMap ? `${name}.` : key, isMap ? `${name}.` : key, isMap ? parent : name);
}

/** Says that `value` is a line of a list: its fields are known, and functions among them take arguments. */
export function asRow<T extends object>(value: T, type: string): T {
  shapes.set(value, { type, kind: "row" });
  return value;
}

export function shapeOf(value: object): Shape | undefined {
  return shapes.get(value);
}

/** Lists and maps that are nil in Go: printed as empty ones, and `null` in JSON. */
const NIL_MAP = Object.freeze({});
const NIL_LIST: readonly unknown[] = Object.freeze([]);

export function isNil(value: unknown): boolean {
  return value === NIL_MAP || value === NIL_LIST;
}

/** What a null field of a struct is in Go. */
export function nullOf(field: string): unknown {
  if (POINTERS.has(field)) return null;
  return MAPS.has(field) ? NIL_MAP : NIL_LIST;
}

/** Entries as Go shows them: of a map by key, of a struct as they stand. */
export function entriesOf(value: object): [string, unknown][] {
  const entries = Object.entries(value);
  return shapes.get(value)?.kind === "struct"
    ? entries
    : entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
