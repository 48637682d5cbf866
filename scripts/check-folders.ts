// Checks what the linter cannot say: which folder may import which, and how long a file may be.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Folders of src/, highest first. A file imports from its own folder and from lower lines only. */
const levels = [
  ["cli"],
  ["engine"],
  ["image", "jail"],
  ["runtime"],
  ["namespace", "rootfs", "cgroup", "security"],
  ["plan"],
  ["platform"],
];

const maximumLines = 400;

const root = join(import.meta.dirname, "..");

/** One level per folder name; files directly in src/ (the library's entry) stand above all. */
const levelOf = new Map(
  levels.flatMap((folders, level) => folders.map((folder) => [folder, level] as const)),
);

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|c|h|sh)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes("node_modules") && !path.includes("fixtures"));
}

/** The first folder below src/ of a path, or undefined for a file directly in it or outside. */
function folderOf(path: string): string | undefined {
  const [top, folder, file] = path.split("/");
  return top === "src" && file !== undefined ? folder : undefined;
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^\s*import\s+)"(\.[^"]+)"/gm)].map(
    (match) => match[1]!,
  );
}

function directionFaults(path: string, text: string): string[] {
  const folder = folderOf(path);
  if (folder === undefined) return [];
  const level = levelOf.get(folder);
  if (level === undefined)
    return [`${path}: src/${folder} has no level; name it in scripts/check-folders.ts`];
  const faults: string[] = [];
  for (const specifier of importsOf(text)) {
    const target = join(dirname(path), specifier);
    const other = folderOf(target);
    if (other === folder || target.startsWith("dist/")) continue;
    if (other === undefined) {
      faults.push(`${path}: imports ${target}, which is in no folder of src/`);
      continue;
    }
    const otherLevel = levelOf.get(other);
    if (otherLevel === undefined || otherLevel <= level)
      faults.push(`${path}: src/${folder} may not import from src/${other} (${specifier})`);
  }
  return faults;
}

function lengthFaults(path: string, text: string): string[] {
  const lines = text.split("\n").length - 1;
  return lines > maximumLines
    ? [`${path}: ${lines} lines, at most ${maximumLines}: is it two subjects?`]
    : [];
}

const faults: string[] = [];
const folders = ["src", "native", "scripts", "test", "bench", "examples"].filter((folder) =>
  existsSync(join(root, folder)),
);
for (const path of folders.flatMap(sources)) {
  const text = readFileSync(join(root, path), "utf8");
  faults.push(...directionFaults(path, text), ...lengthFaults(path, text));
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
