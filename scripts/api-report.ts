// Writes docs/api.md, the library's whole public API, from the types the compiler makes of src/index.ts; with --check
// it only compares. A name that is used in the API and not exported is an error: nobody could say it.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
const report = join(root, "docs/api.md");

interface Exported {
  readonly name: string;
  /** `module name` of where it is declared. */
  readonly place: string;
  readonly text: string;
  /** Places of the declarations that this one uses. */
  readonly uses: readonly string[];
}

/** Where each name that a module gives out, or takes in, comes from. */
function namesFrom(text: string, word: "export" | "import"): { name: string; from: string }[] {
  const pattern = new RegExp(`^${word} (?:type )?\\{([^}]*)\\} from "(\\.[^"]+)";`, "gm");
  return [...text.matchAll(pattern)].flatMap(([, names = "", from = ""]) =>
    names
      .split(",")
      .map((name) => name.trim().replace(/^type /, ""))
      .filter((name) => name !== "")
      .map((name) => ({ name, from })),
  );
}

/** Where a name is declared, wherever a chain of modules leads. */
function declared(module: string, name: string): { module: string; lines: string[]; first: number } {
  const text = readFileSync(module.replace(/\.ts$/, ".d.ts"), "utf8");
  const lines = text.split("\n");
  const begin = new RegExp(`^(?:export )?(?:declare )?(?:class|interface|type|function|const) ${name}\\b`);
  const first = lines.findIndex((line) => begin.test(line));
  if (first >= 0) return { module, lines, first };
  const next = [...namesFrom(text, "export"), ...namesFrom(text, "import")].find((one) => one.name === name);
  if (next === undefined) throw new Error(`${module} does not declare ${name}`);
  return declared(join(dirname(module), next.from), name);
}

/** The declaration of a name with what is said of it. */
function find(from: string, name: string): Exported {
  const { module, lines, first } = declared(from, name);
  let last = first;
  // The compiler's own layout: what belongs to it is indented, its end stands at the margin.
  while (/^(\s|$)/.test(lines[last + 1] ?? "end") || /^[})\]]/.test(lines[last + 1] ?? "")) last++;
  let top = first;
  if (lines[top - 1]?.endsWith("*/")) while (!lines[top]?.startsWith("/**")) top--;
  const declaration = lines
    .slice(top, last + 1)
    .join("\n")
    .replace(/^ {4}#private;\n/m, "")
    .replace(/^ {4}\/\*\* @internal \*\/\n {4}constructor\(.*\);\n/m, "")
    .replace(/^export (declare )?/m, "export ")
    .trimEnd();
  const words = new Set(declaration.replace(/\/\*[\s\S]*?\*\//g, "").match(/\b[A-Z]\w+/g));
  const text = lines.join("\n");
  const own = [...text.matchAll(/^(?:export )?(?:declare )?(?:class|interface|type) (\w+)/gm)].map(
    (one) => one[1] ?? "",
  );
  const near = new Set([...own, ...namesFrom(text, "import").map((one) => one.name)]);
  const uses = [...words]
    .filter((word) => word !== name && near.has(word))
    .map((word) => `${declared(module, word).module} ${word}`);
  return { name, place: `${module} ${name}`, text: declaration, uses };
}

/** What is used in the API, and the entry does not give out. */
function unnamed(exports: readonly Exported[], top: string): string[] {
  const known = new Set(exports.map(({ place }) => place));
  return exports.flatMap(({ name, uses }) =>
    uses
      .filter((place) => !known.has(place))
      .map((place) => `src/index.ts does not export ${relative(top, place)}, which ${name} uses`),
  );
}

function make(): { readonly text: string; readonly faults: readonly string[] } {
  const out = mkdtempSync(join(tmpdir(), "husk-api-"));
  try {
    const tsc = join(root, "node_modules/.bin/tsc");
    const { status, stdout } = spawnSync(
      tsc,
      ["-p", join(root, "tsconfig.package.json"), "--emitDeclarationOnly", "--outDir", out],
      { encoding: "utf8" },
    );
    if (status !== 0) throw new Error(stdout);
    const entry = join(out, "index.ts");
    const index = readFileSync(join(out, "index.d.ts"), "utf8");
    const exports = namesFrom(index, "export")
      .map(({ name, from }) => find(join(dirname(entry), from), name))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const declarations = exports.map(({ text }) => text).join("\n\n");
    const text = `# API of the library\n\nGenerated from the types of src/index.ts by \`npm run api\`; what is said of each name stands in the source.\n[library.md](library.md) tells how to use it.\n\n\`\`\`ts\n${declarations}\n\`\`\`\n`;
    return { text, faults: unnamed(exports, out) };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

const { text, faults } = make();
for (const fault of faults) console.error(fault);
if (process.argv.includes("--check")) {
  if (readFileSync(report, "utf8") !== text) {
    console.error("docs/api.md is not what src/index.ts has: npm run api");
    process.exit(1);
  }
} else writeFileSync(report, text);
if (faults.length > 0) process.exit(1);
