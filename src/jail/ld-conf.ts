import { closeSync, readdirSync } from "node:fs";
import { findInRoot, readInRoot, type RootView } from "../platform/in-root.ts";

const CONF_BYTES = 1 << 20;
const DEPTH = 10;

/**
 * The folders that /etc/ld.so.conf names, in order, with its includes: what ldconfig(8) would put into the
 * cache. Lines for other processors (`hwcap`) and kinds of libraries (`/lib=libc5`) count as glibc's ldconfig has
 * them: the first are passed over, the second lose their kind.
 */
export function readLdConf(root: RootView, path = "/etc/ld.so.conf", depth = 0): string[] {
  const text = new TextDecoder().decode(readInRoot(root, path, CONF_BYTES) ?? new Uint8Array());
  const folders: string[] = [];
  for (const raw of text.split("\n")) {
    const line = raw.split("#", 1)[0]?.trim() ?? "";
    const [word, ...patterns] = line.split(/[ \t]+/);
    if (word === "include") {
      // ldconfig goes round a circle of includes for ever; here it ends.
      if (depth === DEPTH) continue;
      for (const pattern of patterns) {
        const whole = pattern.startsWith("/")
          ? pattern
          : `${path.slice(0, path.lastIndexOf("/"))}/${pattern}`;
        for (const file of expand(root, whole)) folders.push(...readLdConf(root, file, depth + 1));
      }
    } else if (line.startsWith("/")) {
      for (const folder of line.split(/[ \t,:]+/)) folders.push(tidy(folder.split("=", 1)[0] as string));
    }
  }
  return [...new Set(folders)];
}

/** The paths below a root that a glob(7) pattern matches, sorted. */
function expand(root: RootView, pattern: string): string[] {
  let paths = [""];
  for (const part of pattern.split("/")) {
    if (part === "") continue;
    const expression = /[*?[]/.test(part) ? glob(part) : undefined;
    paths = paths.flatMap((path) => {
      if (expression === undefined) return [`${path}/${part}`];
      return list(root, path)
        .filter((name) => expression.test(name) && (part.startsWith(".") || !name.startsWith(".")))
        .map((name) => `${path}/${name}`);
    });
  }
  return paths;
}

function glob(part: string): RegExp {
  const source = part.replace(/\[!/g, "[^").replace(/[.+^${}()|\\*?]/g, (character, at: number) => {
    if (character === "*") return "[^/]*";
    if (character === "?") return "[^/]";
    return character === "^" && part[at - 1] === "[" ? "^" : `\\${character}`;
  });
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return /^(?!)/;
  }
}

function list(root: RootView, path: string): string[] {
  const found = findInRoot(root, path);
  if (found === undefined) return [];
  try {
    return found.stats.isDirectory() ? readdirSync(`/proc/self/fd/${found.fd}`).toSorted() : [];
  } finally {
    closeSync(found.fd);
  }
}

function tidy(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.replace(/\/+$/, "") : path;
}
