import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { packMerged, type TarEntry, tarHeader } from "../../image/index.ts";
import type { LinuxIdMapping } from "../../namespace/index.ts";
import { writeError } from "../../platform/whole-file.ts";
import type { Spec } from "../../runtime/config.ts";
import type { Home } from "../home.ts";
import { imageContext } from "../image-context.ts";
import { layeredRoot } from "../layered-root.ts";
import { removeFolder } from "../life/remove.ts";
import type { RunOptions, RunSource } from "../run-options.ts";
import { unpackArchive } from "../unpack-archive.ts";

/**
 * Copies what an image's layers show, with the files that tell of this container, into its folder; it is there whole
 * or not at all. What a killed copy left goes before.
 *
 * @param copy where to
 * @throws HuskError "failed": the disk is full; then nothing of it stays
 */
export async function copyRoot(
  home: Home,
  options: RunOptions,
  source: Extract<RunSource, { kind: "image" }>,
  spec: Spec,
  copy: string,
): Promise<void> {
  const { mode, files } = layeredRoot(options, source, spec);
  const { tools } = imageContext(home, () => {});
  const [unfinished, extra] = [`${copy}.new`, `${copy}.files`];
  const clear = async (): Promise<void> => {
    for (const folder of [unfinished, extra]) await removeFolder(home, folder);
  };
  await clear();
  try {
    mkdirSync(unfinished, { mode: 0o700 });
    for (const { path, content } of files) writeExtra(`${extra}${path}`, content);
    const archive = withRoot(packMerged([extra, ...source.layers], tools), mode);
    await unpackArchive(home, unfinished, archive, { change: idChange(spec, tools.ids) });
    if (tools.ids !== undefined && spec.linux.uidMappings?.[0]?.hostID !== process.geteuid?.())
      openWay(home, copy);
    renameSync(unfinished, copy);
    await clear();
  } catch (error) {
    await clear();
    throw (error as NodeJS.ErrnoException).code === undefined ? error : writeError(copy, error);
  }
}

/** The container's root, who is another user here, passes through the folders above its own, and reads nothing there. */
function openWay({ folders: { root } }: Home, copy: string): void {
  for (let path = copy; path.length > root.length; ) {
    path = path.slice(0, path.lastIndexOf("/"));
    chmodSync(path, 0o711);
  }
}

/** Layers' own modes count below; these folders are the image's, too. */
function writeExtra(path: string, content: string): void {
  const folder = path.slice(0, path.lastIndexOf("/"));
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  writeFileSync(path, content);
  chmodSync(path, 0o644);
}

async function* withRoot(archive: AsyncIterable<Uint8Array>, mode: number): AsyncGenerator<Uint8Array> {
  yield tarHeader({
    name: "./",
    type: "directory",
    mode,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: { seconds: Math.floor(Date.now() / 1000), nanoseconds: 0 },
    linkName: "",
    userName: "",
    groupName: "",
    deviceMajor: 0,
    deviceMinor: 0,
  });
  yield* archive;
}

/**
 * From ids in the container to those that files get when they are unpacked: this machine's, or, for an ordinary user,
 * those of the user namespace they are given away in.
 */
function idChange(
  { linux: { uidMappings = [], gidMappings = [] } }: Spec,
  own: { readonly uids: readonly LinuxIdMapping[]; readonly gids: readonly LinuxIdMapping[] } | undefined,
): (entry: TarEntry) => TarEntry {
  const uid = through(uidMappings, own?.uids);
  const gid = through(gidMappings, own?.gids);
  return (entry) => ({ ...entry, uid: uid(entry.uid), gid: gid(entry.gid) });
}

function through(
  maps: readonly LinuxIdMapping[],
  own: readonly LinuxIdMapping[] | undefined,
): (id: number) => number {
  return (id) => {
    if (maps.length === 0) return id;
    const outside = mapped(id, maps, "containerID", "hostID");
    return own === undefined ? outside : mapped(outside, own, "hostID", "containerID");
  };
}

/** The kernel's id of nobody, for those that no map has. */
const NOBODY = 65534;

function mapped(
  id: number,
  maps: readonly LinuxIdMapping[],
  from: "containerID" | "hostID",
  to: "containerID" | "hostID",
): number {
  for (const map of maps) if (id >= map[from] && id < map[from] + map.size) return map[to] + id - map[from];
  return NOBODY;
}
