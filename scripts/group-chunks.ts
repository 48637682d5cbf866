// bun scripts/group-chunks.ts SOURCES TREE ENTRY…: copies sources to TREE/src so that a bundler makes fewer chunks of them.
//
// A bundler that splits makes one chunk of all modules that the same dynamic imports reach. With many of these, a
// command's code stands in dozens of chunks, and each costs 20–30 µs whenever the command starts. So in the copy a
// dynamic import that reaches anything of a group reaches all of it, and the group becomes one chunk (choose-chunks.ts
// says which groups there are, from what husk is started for); and what is imported through an index.ts, at once or
// later, comes from where it stands, without all else of that folder.
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { chooseChunks, type Start } from "./choose-chunks.ts";

const COMMANDS = "cli/commands";
const OCI = `${COMMANDS}/oci.ts`;
const RUN = [`${COMMANDS}/run.ts`, "image/host/index-hostImage.ts"];
const IMAGES = ["engine/image-source.ts", "engine/image-context.ts", "image/images.ts", "image/platform.ts"];

/** What husk is started for most, and what of it such a start imports later. Other starts make do with these chunks. */
const STARTS: readonly Start[] = [
  { loads: [`${COMMANDS}/exec.ts`], weight: 3 },
  { loads: RUN, weight: 2 },
  { loads: [...RUN, "engine/life/finish.ts"], weight: 2 },
  { loads: [`${COMMANDS}/run.ts`, ...IMAGES, "image/layer/read-in-layers.ts"], weight: 3 },
  { loads: [`${COMMANDS}/rm.ts`, "engine/life/stop.ts"], weight: 3 },
  { loads: [`${COMMANDS}/ps.ts`], weight: 2 },
  ..."create start delete exec kill state run".split(" ").map((command) => ({
    loads: [OCI, `${COMMANDS}/oci-${command}.ts`],
    weight: 2,
  })),
  ..."help logs start stop kill inspect images pull internal wait stats cp".split(" ").map((command) => ({
    loads: [`${COMMANDS}/${command}.ts`],
    weight: 1,
  })),
];

/** More than any code that is loaded in vain saves. */
const HEAVY = 512 * 1024;

/** What Bun says of a bundle, as far as it is needed. */
interface Module {
  /** Of what is left of it, and as many as take as long to load as a module of the engine's. */
  readonly bytes: number;
  readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[];
}

const [sources, tree, ...entries] = process.argv.slice(2) as [string, string, ...string[]];
const folder = join(tree, "src");
const FROM_INDEX = /^(import|export) (type )?\{([^}]*)\} from "(\.[^"]*index\.ts)";$/gm;
const EXPORT_FROM = /^(export) (type )?\{([^}]*)\} from "(\.[^"]*)";$/gm;
/** `const { a, b } = await import("…/index.ts")`, `(await import("…/index.ts")).a` */
const LATER_FROM_INDEX = /\{([^{}]*)\} =\s+await import\(\s*"(\.[^"]*index\.ts)",?\s*\)/g;
const ONE_LATER_FROM_INDEX = /\(await import\(\s*"(\.[^"]*index\.ts)",?\s*\)\)\s*\.(\w+)/g;
const DYNAMIC = /\bimport\(\s*"(\.[^"]+)\.ts"/g;

cpSync(sources, folder, { recursive: true, filter: (path) => !path.endsWith(".test.ts") });
const files = (readdirSync(folder, { recursive: true }) as string[]).filter((path) => path.endsWith(".ts"));
const texts = new Map(files.map((path) => [path, readFileSync(join(folder, path), "utf8")]));
for (const path of files)
  write(
    path,
    read(path)
      .replaceAll(LATER_FROM_INDEX, (_, names: string, index: string) => {
        const wanted = names.split(",").map((name) => (name.split(":")[0] as string).trim());
        return `{${names}} = await import("${pick(path, index, wanted)}")`;
      })
      .replaceAll(
        ONE_LATER_FROM_INDEX,
        (_, index: string, name: string) => `(await import("${pick(path, index, [name])}")).${name}`,
      ),
  );
for (const path of texts.keys())
  write(
    path,
    read(path).replaceAll(FROM_INDEX, (...found) => direct(path, found)),
  );

const modules = await findModules();
const [first, ...others] = entries as [string, ...string[]];
/** What is there whenever husk starts. */
const base = new Set([...reachedBy(first)].filter((path) => path !== first));
const loads = new Map(
  [...new Set(STARTS.flatMap((start) => start.loads))].map((target) => [target, beyondBase(target)]),
);
const chunks = chooseChunks(loads, beyondBase, (file) => (modules.get(file) as Module).bytes, STARTS);
const groups = chunks.map((group, i) => {
  const file = `group-${i + 1}.ts`;
  write(file, importsOf(file, group));
  return { file, group };
});
const targets = [...modules.keys()]
  .filter((path) => texts.has(path))
  .flatMap((path) => [...read(path).matchAll(DYNAMIC)].map(([, name]) => join(dirname(path), `${name}.ts`)));
for (const target of new Set([...others, ...targets])) {
  if (!modules.has(target)) continue;
  const all = reachedBy(target);
  const wanted = groups.toReversed().filter(({ group }) => {
    const isMet = [...group].some((path) => all.has(path));
    // A group needs some of those before it.
    if (isMet) for (const path of group) reachedBy(path, all);
    return isMet;
  });
  const imports = importsOf(
    target,
    wanted.map(({ file }) => file),
  );
  // Another entry, as a worker's, has no gate to go through, and the base to itself.
  if (others.includes(target)) write(target, `${imports}${importsOf(target, base)}${read(target)}`);
  else
    write(`${target.slice(0, -".ts".length)}.gate.ts`, `${imports}export * from "./${basename(target)}";\n`);
}
for (const path of modules.keys())
  if (texts.has(path)) write(path, read(path).replaceAll(DYNAMIC, 'import("$1.gate.ts"'));

function beyondBase(path: string): Set<string> {
  return new Set([...reachedBy(path)].filter((other) => !base.has(other)));
}

function read(path: string): string {
  return texts.get(path) as string;
}

function importsOf(from: string, paths: Iterable<string>): string {
  return [...paths].map((path) => `import "${specifier(from, path)}";\n`).join("");
}

function write(path: string, text: string): void {
  if (texts.get(path) !== text) writeFileSync(join(folder, path), text);
  texts.set(path, text);
}

/** A file that offers some names of an index.ts, and loads no others. */
function pick(path: string, index: string, names: readonly string[]): string {
  const wanted = names.filter((name) => name !== "").toSorted();
  const file = join(dirname(path), index.replace(/index\.ts$/, `index-${wanted.join("-")}.ts`));
  if (!texts.has(file)) write(file, `export { ${wanted.join(", ")} } from "./index.ts";\n`);
  return specifier(path, file);
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

/** All modules that the entries need at some time. */
async function findModules(): Promise<Map<string, Module>> {
  const bundle = await Bun.build({
    entrypoints: entries.map((entry) => join(folder, entry)),
    target: "bun",
    splitting: true,
    metafile: true,
    define: { HUSK_VERSION: '""', HUSK_KEEPER_DIGEST: '""' },
  });
  if (bundle.metafile === undefined) throw new Error("group-chunks: Bun tells nothing of its bundle");
  const left = new Map(
    Object.values(bundle.metafile.outputs)
      .flatMap(({ inputs }) => Object.entries(inputs))
      .map(([path, { bytesInOutput }]) => [path, bytesInOutput]),
  );
  return new Map(
    Object.entries(bundle.metafile.inputs).map(([path, { imports }]) => [
      inFolder(path),
      { imports, bytes: (left.get(path) ?? 0) + (imports.some(isHeavy) ? HEAVY : 0) },
    ]),
  );
}

/** A module of the engine's besides node:fs, which all need: some take milliseconds. */
function isHeavy({ path, external = false }: Module["imports"][0]): boolean {
  return external && path !== "fs" && path !== "bun";
}

/** What is loaded with a file: itself, and what it imports. */
function reachedBy(path: string, into = new Set<string>()): Set<string> {
  const found = modules.get(path);
  if (found === undefined) throw new Error(`group-chunks: nothing imports ${path}`);
  if (into.has(path) || !path.endsWith(".ts")) return into;
  into.add(path);
  for (const next of found.imports)
    if (next.kind === "import-statement" && modules.has(inFolder(next.path)))
      reachedBy(inFolder(next.path), into);
  return into;
}

/** Bun names modules as seen from the current folder. */
function inFolder(path: string): string {
  return relative(folder, join(process.cwd(), path));
}

function specifier(from: string, path: string): string {
  const way = relative(dirname(from), path);
  return way.startsWith(".") ? way : `./${way}`;
}
