import { lstatSync, readdirSync } from "node:fs";

/** Files that husk writes into every container: its program has not. */
const OWN = ["etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/mtab"];

/** Bytes that a container's program wrote into its writable layer. */
export function writtenSize(upper: string): number {
  return folderSize(upper, new Set(OWN.map((path) => `${upper}/${path}`)));
}

/** Bytes that the files of a folder take on the disk; what may not be read counts as nothing. */
export function folderSize(folder: string, without: ReadonlySet<string> = new Set()): number {
  let bytes = 0;
  const seen = new Set<number>();
  const todo: (string | Buffer)[] = [folder];
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    try {
      if (without.size > 0 && without.has(path.toString())) continue;
      const stats = lstatSync(path);
      if (stats.nlink > 1 && !stats.isDirectory()) {
        if (seen.has(stats.ino)) continue;
        seen.add(stats.ino);
      }
      bytes += stats.isDirectory() ? 0 : stats.blocks * 512;
      if (!stats.isDirectory()) continue;
      const place = Buffer.concat([Buffer.from(path), Buffer.from("/")]);
      for (const name of readdirSync(path, { encoding: "buffer" })) todo.push(Buffer.concat([place, name]));
    } catch {
      continue;
    }
  }
  return bytes;
}
