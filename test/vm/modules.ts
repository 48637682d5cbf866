import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/**
 * The files of the named kernel modules and of all they depend on, in the order they are to be loaded.
 *
 * Reads the `depends=` entry of each module's .modinfo section, as depmod(8) does. Throws for a module that is
 * not in the folder.
 */
export function modulesInOrder(folder: string, names: readonly string[]): string[] {
  const files = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" }))
    if (entry.endsWith(".ko")) files.set(moduleName(entry), join(folder, entry));
  const ordered = new Set<string>();
  const add = (name: string): void => {
    const file = files.get(name);
    if (file === undefined) throw new Error(`${folder} has no kernel module ${name}`);
    if (ordered.has(file)) return;
    for (const dependency of dependencies(file)) add(dependency);
    ordered.add(file);
  };
  for (const name of names) add(name);
  return [...ordered];
}

const moduleName = (path: string): string => basename(path, ".ko").replaceAll("-", "_");

function dependencies(file: string): string[] {
  const content = readFileSync(file);
  const begin = content.indexOf("\0depends=") + "\0depends=".length;
  const list = content.toString("latin1", begin, content.indexOf(0, begin));
  return list === "" ? [] : list.split(",").map(moduleName);
}
