// Archives for tests, made entry by entry, and layers unpacked from them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { finishLayer, LayerUnpacker, type UnpackOptions } from "../src/image/layer/index.ts";
import { TAR_END, type TarEntry, tarHeader, tarPadding, TarReader } from "../src/image/tar/index.ts";
import { type Engine, findCommand, isRoot, repository, temporaryFolder } from "./harness/index.ts";

export type EntryChanges = Partial<Omit<TarEntry, "size">> & { readonly content?: string | Uint8Array };

/** An archive of entries: a file unless a type is given, a folder if its name ends in a slash. */
export function archive(...entries: readonly EntryChanges[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const { content = "", ...changes } of entries) {
    const bytes = Buffer.from(content as string);
    const isFolder = changes.name?.endsWith("/") === true;
    const entry: TarEntry = {
      name: "file",
      type: isFolder ? "directory" : "file",
      mode: isFolder ? 0o755 : 0o644,
      uid: 0,
      gid: 0,
      size: bytes.length,
      mtime: { seconds: 1_000_000_000, nanoseconds: 0 },
      linkName: "",
      userName: "",
      groupName: "",
      deviceMajor: 0,
      deviceMinor: 0,
      ...changes,
    };
    parts.push(tarHeader(entry), bytes, tarPadding(bytes.length));
  }
  return Buffer.concat([...parts, TAR_END]);
}

export const tools = { keeper: join(repository, "dist/keeper"), reportDirectory: "/tmp" };

/** Unpacks layers into one folder, and returns it with what was warned of. */
export async function unpack(
  folder: string,
  bytes: Uint8Array,
  options: Partial<UnpackOptions> = {},
): Promise<string[]> {
  const warnings: string[] = [];
  const warn = (message: string): void => {
    warnings.push(message);
  };
  const unpacker = new LayerUnpacker(folder, {
    owners: isRoot ? "now" : "never",
    whiteouts: "overlay",
    overlayXattrs: isRoot ? "trusted" : "user",
    warn,
    ...options,
  });
  let left;
  try {
    const reader = new TarReader(unpacker);
    reader.write(bytes);
    reader.close();
    left = unpacker.close();
  } catch (error) {
    unpacker.abandon();
    throw error;
  }
  await finishLayer(folder, left, tools, warn);
  return warnings;
}

export function newFolder(name = "layer"): string {
  return temporaryFolder(name, 0o700);
}

/** What belongs to an ordinary user's root is that user's own here, and can be removed. */
export const roots = { uid: 0, gid: 0 };
/** Debian's static busybox as /bin/sh. */
export const busybox: EntryChanges[] = [
  { name: "bin/", ...roots },
  { name: "bin/busybox", ...roots, mode: 0o755, content: readFileSync(findCommand("busybox")!) },
  { name: "bin/sh", ...roots, type: "symlink", linkName: "busybox", mode: 0o777 },
];

/** Whether an engine has no image and nothing of one. */
export function isEmpty({ root }: Engine): boolean {
  const blobs = readdirSync(join(root, "images/blobs/sha256")).length;
  return blobs + readdirSync(join(root, "layers")).length + readdirSync(join(root, "downloads")).length === 0;
}
