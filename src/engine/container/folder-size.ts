import { lstatSync, readdirSync } from "node:fs";
import type { ContainerPaths } from "./paths.ts";

/** Files that husk writes into every container: its program has not. */
const OWN = ["etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/mtab"];

/** Bytes that a container's program wrote; of one that is a copy of its image, of all its files. */
export function writtenSize({ folder, upper, copy }: ContainerPaths): number {
  const written = [`${folder}/views`, `${folder}/beside`, copy];
  return written.reduce((bytes, one) => bytes + folderSize(one), layerSize(upper));
}

/** The same of one folder that it wrote to. */
export function layerSize(folder: string): number {
  return folderSize(folder, new Set(OWN.map((path) => `${folder}/${path}`)));
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
