import { type List, quote, type Result } from "../plan/index.ts";
import type { AttachedRoot } from "./attached-root.ts";
import { newFileSystem, setFlag, setString } from "./file-system.ts";
import {
  AT_FDCWD,
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FD,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MOUNT_ATTR_NODEV,
  MOVE_MOUNT_F_EMPTY_PATH,
  MS_NODEV,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  OPEN_TREE_CLONE,
} from "./flags.ts";
import { mapIds } from "./id-mapped.ts";
import { rootView, writeFileInRoot } from "./in-root.ts";
import type { RootfsSource } from "./types.ts";
import { DISK, openWritable, setVolatile, stageWritable } from "./writable.ts";

type Layered = Extract<RootfsSource, { kind: "layers" }>;

export interface LayeredOptions {
  readonly userNamespace: boolean;
  readonly noDevices: boolean;
  /** See {@link import("./attach.ts").AttachOptions}. */
  readonly keeper?: List | undefined;
  readonly idMap?: (() => Result) | undefined;
}

/** Opens a layer: as a folder, or as a mount of its own where ids are mapped. */
type OpenLayer = (layer: string) => Result;

/**
 * An overlay of an image's layers, with a writable one on top: in the container's folder, or in memory, where it goes
 * when the container goes.
 *
 * The kernel gets the layers as descriptors (overlay's `lowerdir+`), so their number and the length of their paths do
 * not matter. Where it does not take descriptors they are mounted beside the root under short names, all of which fit
 * into the one page that mount(2) allows.
 */
export function attachLayered(list: List, source: Layered, options: LayeredOptions): AttachedRoot {
  const { writable } = source;
  const opened =
    writable === undefined || options.keeper === undefined
      ? undefined
      : openWritable(list, writable, { keeper: options.keeper, noDevices: false });
  const place = writable === undefined ? "in memory" : `in ${writable.path}`;
  const layers = openMapped(source, options);
  list.step(
    "root of layers",
    `${source.layers.length} read-only layers of the image, and what the container writes above them, ${place}`,
    () => shell(source, options),
  );
  list.call("umask", 0);
  const data = source.size === undefined ? ["mode=755"] : ["mode=755", `size=${source.size}`];
  const stage = newFileSystem(list, { type: "tmpfs", source: "tmpfs", data }, "/");
  list.call("move_mount", stage, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH).about("/");
  // Overlays take the writable folder by name: with this working directory the names are short and our own.
  list.call("fchdir", stage);
  list.call("mkdirat", stage, "root", 0o755);
  if (writable === undefined) {
    list.call("mkdirat", stage, "work", 0o755);
    list.call("mkdirat", stage, "upper", source.mode);
  } else {
    const tree = opened ?? openWritable(list, writable, { noDevices: false });
    stageWritable(list, stage, tree, writable);
  }
  const mount = source.byName
    ? mountByName(list, stage, source, options, layers)
    : mountByDescriptor(list, stage, source, options, layers);
  const root = rootView(list, mount);
  for (const { path, content } of source.files) writeFileInRoot(root, path, content);
  return { view: root, layers: [], staged: true };
}

/**
 * Where the container has a user namespace and the host's root makes it, layers are shown with the container's ids:
 * each as a mount of its own that the keeper opens. Undefined: they are opened where they are used.
 */
function openMapped(source: Layered, { keeper, idMap }: LayeredOptions): OpenLayer | undefined {
  if (keeper === undefined || idMap === undefined) return undefined;
  const namespace = idMap();
  keeper.step(
    "open the layers with the container's ids",
    "on disk they belong to the ids the image names; the container's user namespace has others",
    () => "#   mount(8): --map-users and --map-groups",
  );
  const trees = new Map<string, Result>();
  for (const layer of source.layers) {
    const tree = keeper.call("open_tree", AT_FDCWD, layer, OPEN_TREE_CLONE | O_CLOEXEC).about(layer);
    mapIds(keeper, tree, namespace, {}, layer);
    trees.set(layer, tree);
  }
  return (layer) => trees.get(layer) as Result;
}

function mountByDescriptor(
  list: List,
  stage: Result,
  source: Layered,
  options: LayeredOptions,
  opened: OpenLayer | undefined,
): Result {
  let count = 0;
  const overlay = list.call("fsopen", "overlay", FSOPEN_CLOEXEC).about('file system "overlay"');
  setString(list, overlay, "source", "overlay", "overlay");
  for (const layer of source.layers) {
    const folder =
      opened === undefined
        ? list.call("openat", AT_FDCWD, layer, O_PATH | O_DIRECTORY | O_CLOEXEC, 0).about(layer)
        : stageLayer(list, stage, opened(layer), `${count++}`, layer);
    list.call("fsconfig", overlay, FSCONFIG_SET_FD, "lowerdir+", null, folder).about(`overlay of ${layer}`);
    list.call("close", folder);
  }
  const own = source.writable === undefined ? "" : `${DISK}/`;
  setString(list, overlay, "upperdir", `${own}upper`, "overlay");
  setString(list, overlay, "workdir", `${own}work`, "overlay");
  setVolatile(list, overlay, source.writable);
  if (options.userNamespace) setFlag(list, overlay, "userxattr", "overlay");
  list.call("fsconfig", overlay, FSCONFIG_CMD_CREATE, null, null, 0).about("overlay of the image's layers");
  const attributes = options.noDevices ? MOUNT_ATTR_NODEV : 0;
  const mount = list
    .call("fsmount", overlay, FSMOUNT_CLOEXEC, attributes)
    .about("overlay of the image's layers");
  list
    .call("move_mount", mount, "", stage, "root", MOVE_MOUNT_F_EMPTY_PATH)
    .about("overlay of the image's layers");
  return mount;
}

/** Attached to the container's own tree: a mount of the host's that stands nowhere is no layer for it. */
function stageLayer(list: List, stage: Result, tree: Result, name: string, layer: string): Result {
  list.call("mkdirat", stage, name, 0o755);
  list.call("move_mount", tree, "", stage, name, MOVE_MOUNT_F_EMPTY_PATH).about(layer);
  return tree;
}

function mountByName(
  list: List,
  stage: Result,
  source: Layered,
  options: LayeredOptions,
  opened: OpenLayer | undefined,
): Result {
  const names: string[] = [];
  for (const layer of source.layers) {
    const name = `${names.length}`;
    names.push(name);
    const tree =
      opened?.(layer) ?? list.call("open_tree", AT_FDCWD, layer, OPEN_TREE_CLONE | O_CLOEXEC).about(layer);
    stageLayer(list, stage, tree, name, layer);
    list.call("close", tree);
  }
  const userxattr = options.userNamespace ? ",userxattr" : "";
  const own = source.writable === undefined ? "" : `${DISK}/`;
  const volatile = source.writable?.volatile === true ? ",volatile" : "";
  list
    .call(
      "mount",
      "overlay",
      "root",
      "overlay",
      options.noDevices ? MS_NODEV : 0,
      `lowerdir=${names.join(":")},upperdir=${own}upper,workdir=${own}work${userxattr}${volatile}`,
    )
    .about("overlay of the image's layers");
  return list.call("openat", stage, "root", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
}

function shell(source: Layered, { userNamespace, noDevices }: LayeredOptions): string {
  const size = source.size === undefined ? "" : `,size=${quote(source.size)}`;
  const more = `${userNamespace ? ",userxattr" : ""}${noDevices ? ",nodev" : ""}`;
  return [
    `mount -t tmpfs -o mode=755${size} tmpfs "$ROOTFS"`,
    "STAGE=$ROOTFS",
    "ROOTFS=$STAGE/root",
    'mkdir "$ROOTFS" "$STAGE"/upper "$STAGE"/work',
    `chmod ${source.mode.toString(8)} "$STAGE"/upper`,
    `mount -t overlay -o lowerdir=${source.layers.map(quote).join(":")},upperdir="$STAGE"/upper,workdir="$STAGE"/work${more} overlay "$ROOTFS"`,
    ...source.files.flatMap(({ path, content }) => [
      `mkdir -p "$ROOTFS"${quote(path.slice(0, path.lastIndexOf("/")))}`,
      `rm -f "$ROOTFS"${quote(path)}`,
      `printf %s ${quote(content)} >"$ROOTFS"${quote(path)}`,
    ]),
  ].join("\n");
}
