import { lstatSync, readFileSync, readlinkSync, type Stats } from "node:fs";

const MOST_LINKS = 40;

/**
 * Reads a regular file as an overlay of layers would show it, at most `limit` bytes long; undefined where there is
 * none. Links are followed as a program would whose root the overlay is. For layers that nobody changes, as those of
 * the image store: folders above the file are looked up by name.
 *
 * @param layers folders, the topmost first
 */
export function readInLayers(layers: readonly string[], path: string, limit: number): Uint8Array | undefined {
  const todo = path.split("/").toReversed();
  let names: string[] = [];
  let links = 0;
  let found: { path: string; stats: Stats } | undefined;
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      names.pop();
      continue;
    }
    found = look(layers, [...names, name]);
    if (found === undefined) return undefined;
    if (!found.stats.isSymbolicLink()) {
      names.push(name);
      continue;
    }
    if (++links > MOST_LINKS) return undefined;
    const target = readlinkSync(found.path);
    if (target.startsWith("/")) names = [];
    todo.push(...target.split("/").toReversed());
    found = undefined;
  }
  found ??= look(layers, names);
  if (found?.stats.isFile() !== true || found.stats.size > limit) return undefined;
  return readFileSync(found.path);
}

/** What the topmost layer that knows a path has there. A layer knows what is below its own whiteouts and files, too. */
function look(
  layers: readonly string[],
  names: readonly string[],
): { path: string; stats: Stats } | undefined {
  for (const layer of layers) {
    let path = layer;
    for (const [i, name] of names.entries()) {
      path += `/${name}`;
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined) break;
      const isLast = i + 1 === names.length;
      if (stats.isCharacterDevice() && stats.rdev === 0) return undefined;
      if (isLast) return { path, stats };
      if (!stats.isDirectory()) return undefined;
    }
  }
  return undefined;
}
