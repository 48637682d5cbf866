import { lstatSync, readdirSync } from "node:fs";

/** Bytes in the files below a folder, each once however many names it has; what cannot be read counts nothing. */
export function folderBytes(folder: string): number {
  const seen = new Set<string>();
  const sum = (path: Buffer): number => {
    let bytes = 0;
    let entries;
    try {
      entries = readdirSync(path, { withFileTypes: true, encoding: "buffer" });
    } catch {
      return 0;
    }
    for (const entry of entries) {
      const inside = Buffer.concat([path, Buffer.from("/"), entry.name]);
      if (entry.isDirectory()) bytes += sum(inside);
      else if (entry.isFile()) bytes += fileBytes(inside, seen);
    }
    return bytes;
  };
  return sum(Buffer.from(folder));
}

function fileBytes(path: Buffer, seen: Set<string>): number {
  const info = lstatSync(path, { throwIfNoEntry: false });
  if (info === undefined) return 0;
  if (info.nlink > 1) {
    const key = `${info.dev}:${info.ino}`;
    if (seen.has(key)) return 0;
    seen.add(key);
  }
  return info.size;
}
