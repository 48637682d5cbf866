import { type BigIntStats, lstatSync, readdirSync } from "node:fs";
import type { ByteString } from "../../image/index.ts";

/** What a container's file system was before anything was written to it. Paths begin with "/", or are empty: the top. */
export interface Lower {
  /** Links not followed; undefined where there was nothing. */
  stat(path: ByteString): BigIntStats | undefined;
  /** Names in a folder. */
  names(path: ByteString): ByteString[];
}

/**
 * Layers of an image, which nobody changes.
 *
 * @param layers folders, the topmost first
 */
export function layersLower(layers: readonly string[]): Lower {
  const stat = (path: ByteString): BigIntStats | undefined => {
    for (const layer of layers) {
      const found = lookInLayer(layer, path);
      if (found === "hidden") return undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return {
    stat,
    names: (path) => {
      const names = new Set<ByteString>();
      for (const layer of layers) for (const name of namesIn(layer + path)) names.add(name);
      return [...names].filter((name) => stat(`${path}/${name}`) !== undefined);
    },
  };
}

/** A folder of this machine as it is now. */
export function folderLower(folder: string): Lower {
  return { stat: (path) => statAt(folder, path), names: (path) => namesIn(folder + path) };
}

/** Folders that husk made and nothing in them. */
export function freshLower(paths: readonly string[], like: string): Lower {
  const known = new Set(["", ...paths]);
  const stats = lstatSync(like, { bigint: true });
  return {
    stat: (path) => (known.has(path) ? stats : undefined),
    names: (path) =>
      [...known]
        .filter((one) => one.startsWith(`${path}/`))
        .map((one) => one.slice(path.length + 1))
        .filter((name) => !name.includes("/")),
  };
}

/** What a layer has at a path; "hidden": it says that there is nothing. */
export function lookInLayer(layer: string, path: ByteString): BigIntStats | "hidden" | undefined {
  let at = "";
  let found = statAt(layer, "");
  for (const name of path.split("/").slice(1)) {
    if (found === undefined) return undefined;
    if (!found.isDirectory()) return "hidden";
    at += `/${name}`;
    found = statAt(layer, at);
    if (found !== undefined && isWhiteout(found)) return "hidden";
  }
  return found;
}

/** How overlayfs marks what was removed (overlayfs.rst, "whiteouts and opaque directories"). */
export function isWhiteout(stats: BigIntStats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0n;
}

function statAt(folder: string, path: ByteString): BigIntStats | undefined {
  try {
    return lstatSync(Buffer.concat([Buffer.from(folder), Buffer.from(path, "latin1")]), { bigint: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return undefined;
    throw error;
  }
}

function namesIn(path: ByteString): ByteString[] {
  try {
    return readdirSync(Buffer.from(path, "latin1"), { encoding: "buffer" }).map((name) =>
      name.toString("latin1"),
    );
  } catch {
    return [];
  }
}
