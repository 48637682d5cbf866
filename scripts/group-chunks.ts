// bun scripts/group-chunks.ts SOURCES TREE ENTRY…: copies sources to TREE/src so that a bundler makes fewer chunks of them.
//
// A bundler that splits makes one chunk of all modules that the same dynamic imports reach. With many of these, a
// command's code stands in dozens of chunks, and each costs 20–30 µs whenever the command starts. So in the copy a
// dynamic import that reaches anything of a group below reaches all of it, and the group becomes one chunk; and what
// is imported through an index.ts is imported from where it stands, without everything else of that folder.
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

/**
 * A group is what these files load, as long as it is in no group before: the most common ones come first. A file that
 * nothing imports dynamically stands for itself: others need it and little else of a later group.
 */
const GROUPS: readonly (readonly string[])[] = [
  ["cli/commands/help.ts"],
  ["cli/commands/rm.ts", "engine/life/stop.ts", "cli/flags/container.ts", "cli/values/duration.ts"],
  ["cli/commands/exec.ts"],
  ["cli/commands/run.ts"],
];

/** What Bun says of a bundle, as far as it is needed. */
interface Chunk {
  readonly entryPoint?: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
}

const [sources, tree, ...entries] = process.argv.slice(2) as [string, string, ...string[]];
const folder = join(tree, "src");
const FROM_INDEX = /^(import|export) (type )?\{([^}]*)\} from "(\.[^"]*index\.ts)";$/gm;
const EXPORT_FROM = /^(export) (type )?\{([^}]*)\} from "(\.[^"]*)";$/gm;
const DYNAMIC = /\bimport\(\s*"(\.[^"]+)\.ts"/g;

cpSync(sources, folder, { recursive: true, filter: (path) => !path.endsWith(".test.ts") });
const files = (readdirSync(folder, { recursive: true }) as string[]).filter((path) => path.endsWith(".ts"));
const texts = new Map(files.map((path) => [path, readFileSync(join(folder, path), "utf8")]));
for (const [path, text] of texts)
  write(
    path,
    text.replaceAll(FROM_INDEX, (...found) => direct(path, found)),
  );

const loaded = await findLoaded();
const [first, ...others] = entries as [string, ...string[]];
/** What is there whenever husk starts. */
const base = new Set([...reachedBy(first)].filter((path) => path !== first));
const taken = new Set(base);
const groups = GROUPS.map((seeds, i) => {
  const group = new Set(seeds.flatMap((seed) => [...reachedBy(seed)]).filter((path) => !taken.has(path)));
  for (const path of group) taken.add(path);
  const file = `group-${i + 1}.ts`;
  write(file, importsOf(file, group));
  return { file, group };
});
for (const [target, all] of loaded) {
  const gate = `${target.slice(0, -".ts".length)}.gate.ts`;
  const wanted = groups.filter(({ group }) => [...group].some((path) => all.has(path)));
  const imports = importsOf(
    target,
    wanted.map(({ file }) => file),
  );
  if (target === first) continue;
  // Another entry, as a worker's, has no gate to go through, and the base to itself.
  if (others.includes(target)) write(target, `${imports}${importsOf(target, base)}${read(target)}`);
  else write(gate, `${imports}export * from "./${basename(target)}";\n`);
}
for (const path of files) write(path, read(path).replaceAll(DYNAMIC, 'import("$1.gate.ts"'));

function read(path: string): string {
  return readFileSync(join(folder, path), "utf8");
}

function importsOf(from: string, paths: Iterable<string>): string {
  return [...paths].map((path) => `import "${specifier(from, path)}";\n`).join("");
}

function write(path: string, text: string): void {
  if (texts.get(path) !== text) writeFileSync(join(folder, path), text);
}

/** The same import or export, each name from the file it stands in. */
function direct(path: string, [, verb, type = "", names, index]: readonly string[]): string {
  const lines = (names as string).split(",").filter((name) => name.trim() !== "");
  return lines
    .map((line) => {
      const [, ownType = "", name, as] = /^\s*(type )?(\w+)(?: as (\w+))?\s*$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`group-chunks: ${path}: cannot read "${line}"`);
      const home = origin(join(dirname(path), index as string), name);
      const word = home.name === (as ?? name) ? home.name : `${home.name} as ${as ?? name}`;
      return `${verb} ${type}{ ${type === "" ? ownType : ""}${word} } from "${specifier(path, home.path)}";`;
    })
    .join("\n");
}

/** Where what an index.ts offers stands, and its name there. */
function origin(path: string, name: string): { path: string; name: string } {
  if (basename(path) !== "index.ts") return { path, name };
  for (const [, , , names = "", from = ""] of (texts.get(path) ?? "").matchAll(EXPORT_FROM)) {
    for (const line of names.split(",")) {
      const [, , own, as] = /^\s*(type )?(\w+)(?: as (\w+))?\s*$/.exec(line) ?? [];
      if (own !== undefined && (as ?? own) === name) return origin(join(dirname(path), from), own);
    }
  }
  return { path, name };
}

/** The modules that each entry, and each module that is imported dynamically, loads at once. */
async function findLoaded(): Promise<Map<string, Set<string>>> {
  const bundle = await Bun.build({
    entrypoints: entries.map((entry) => join(folder, entry)),
    target: "bun",
    splitting: true,
    metafile: true,
    define: { HUSK_VERSION: '""', HUSK_KEEPER_DIGEST: '""' },
  });
  const chunks = bundle.metafile?.outputs as Readonly<Record<string, Chunk>> | undefined;
  if (chunks === undefined) throw new Error("group-chunks: Bun tells nothing of its bundle");
  const result = new Map<string, Set<string>>();
  for (const [path, { entryPoint }] of Object.entries(chunks)) {
    if (entryPoint === undefined) continue;
    const modules = [...chunksOf(chunks, path)].flatMap((one) => Object.keys(chunks[one]?.inputs ?? {}));
    result.set(inFolder(entryPoint), new Set(modules.map(inFolder).filter((one) => one.endsWith(".ts"))));
  }
  return result;
}

function chunksOf(
  chunks: Readonly<Record<string, Chunk>>,
  path: string,
  into = new Set<string>(),
): Set<string> {
  const chunk = chunks[path];
  if (chunk === undefined || into.has(path)) return into;
  into.add(path);
  for (const next of chunk.imports) if (next.kind === "import-statement") chunksOf(chunks, next.path, into);
  return into;
}

function reachedBy(seed: string): Set<string> {
  if (!texts.has(seed)) throw new Error(`group-chunks: there is no ${seed}`);
  return loaded.get(seed) ?? new Set([seed]);
}

/** Bun names modules as seen from the current folder. */
function inFolder(path: string): string {
  return relative(folder, join(process.cwd(), path));
}

function specifier(from: string, path: string): string {
  const way = relative(dirname(from), path);
  return way.startsWith(".") ? way : `./${way}`;
}
