import { closeSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmdirSync } from "node:fs";
import { packMerged, readLostMarks, readXattrs } from "../../image/index.ts";
import { findInRoot } from "../../platform/in-root.ts";
import { writeError } from "../../platform/whole-file.ts";
import { lookInLayer } from "../changes/lower.ts";
import type { Home } from "../home.ts";
import { imageContext } from "../image-context.ts";
import type { RunSource } from "../run-options.ts";
import { becomeLike, unpackArchive } from "../unpack-archive.ts";
import { volumeData, workFolder } from "./store.ts";
import { volumeUsers } from "./users.ts";

/**
 * Fills an empty volume with what a root file system has at `target`, as docker does: files with owners, modes, times
 * and attributes. It is filled beside its place and put there in one step; where two do it at once, one wins. Into the
 * folder of one that another container has, which may be running, the files are moved one by one. A volume with
 * something in it stays as it is, and so does one of a container whose root is this machine's own.
 *
 * @throws HuskError "failed": no space, no right
 */
export async function fillVolume(home: Home, source: RunSource, name: string, target: string): Promise<void> {
  const { root } = home.folders;
  const data = volumeData(root, name);
  if (readdirSync(data).length > 0) return;
  const { tools } = imageContext(home, () => {});
  if (source.kind === "image") return fill(home, name, await layersAt(source.layers, target, tools));
  if (source.kind !== "rootfs") return;
  const found = findInRoot({ root: source.path }, target);
  if (found === undefined) return;
  try {
    if (!found.stats.isDirectory()) return;
    // Others may change that folder: what was found is what is read. Only who packs in a user namespace goes by its
    // path, since no descriptor of ours is reached from there.
    const held = `/proc/${process.pid}/fd/${found.fd}`;
    await fill(home, name, [tools.ids === undefined ? held : readlinkSync(held)]);
  } finally {
    closeSync(found.fd);
  }
}

/** @param folders in overlayfs's form, the topmost first */
async function fill(home: Home, name: string, folders: readonly string[]): Promise<void> {
  const top = folders[0];
  if (top === undefined) return;
  const { root } = home.folders;
  const data = volumeData(root, name);
  const { tools } = imageContext(home, () => {});
  const unfinished = `${workFolder(root, "new", name)}-fill`;
  try {
    mkdirSync(unfinished, { mode: 0o700 });
    await unpackArchive(home, unfinished, packMerged(folders, tools));
    becomeLike(unfinished, top);
    if (volumeUsers(home.folders).has(name)) moveInto(unfinished, data);
    else renameSync(unfinished, data);
  } catch (cause) {
    const { removeFolder } = await import("../life/remove.ts");
    await removeFolder(home, unfinished);
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST") return;
    throw code === undefined ? cause : writeError(data, cause);
  }
}

/** Who has mounted the folder sees what comes into it, and not what takes its place. */
function moveInto(from: string, to: string): void {
  for (const name of readdirSync(from, { encoding: "buffer" }))
    renameSync(Buffer.concat([Buffer.from(`${from}/`), name]), Buffer.concat([Buffer.from(`${to}/`), name]));
  becomeLike(to, from);
  rmdirSync(from);
}

/** The folders of layers that show at a path, the topmost first. */
async function layersAt(
  layers: readonly string[],
  target: string,
  tools: Parameters<typeof readXattrs>[2],
): Promise<string[]> {
  const path = Buffer.from(target).toString("latin1");
  const parents = path.split("/").map((_, i, names) => names.slice(1, i + 1).join("/"));
  const folders: string[] = [];
  for (const layer of layers) {
    const found = lookInLayer(layer, path);
    if (found === "hidden" || found?.isDirectory() === false) break;
    if (found !== undefined) folders.push(layer + target);
    const there = parents.filter((parent) => parent !== "" && lookInLayer(layer, `/${parent}`) !== undefined);
    const xattrs = there.length === 0 ? new Map() : await readXattrs(layer, there, tools);
    const lost = readLostMarks(layer);
    const isOpaque = there.some(
      (parent) =>
        Buffer.from(
          xattrs.get(parent)?.get("trusted.overlay.opaque") ??
            xattrs.get(parent)?.get("user.overlay.opaque") ??
            [],
        ).toString() === "y",
    );
    if (isOpaque || there.some((parent) => lost.has(parent))) break;
  }
  return folders;
}
