import type { List, Result } from "../plan/index.ts";
import { changeMount } from "./file-system.ts";
import {
  AT_EMPTY_PATH,
  AT_RECURSIVE,
  MOUNT_ATTR_RDONLY,
  MS_RDONLY,
  O_CLOEXEC,
  O_NOFOLLOW,
  O_PATH,
  OPEN_TREE_CLONE,
} from "./flags.ts";
import { attach, checkCharacterDevice, cleanPath, openInRoot, type RootView, STRICT } from "./in-root.ts";
import { quote } from "../plan/index.ts";

/**
 * Hides `linux.maskedPaths`: a directory below an empty read-only tmpfs, anything else below the null device. Paths
 * the kernel does not have are passed over. Stands after `pivot_root`.
 *
 * The null device is the container's own, opened without following links and seen to be 1:3, as one that was swapped
 * for a link would uncover what it should hide (CVE-2025-31133).
 */
export function maskPaths(root: RootView, paths: readonly string[]): void {
  if (paths.length === 0) return;
  const { list } = root;
  list.step("masked paths", "files of the kernel that tell about the host or change it are hidden", () =>
    maskShell(paths),
  );
  let device: Result | undefined;
  for (const given of paths) {
    const path = cleanPath(given);
    const kind = knownKind(path);
    if (kind === "folder") {
      maskFolder(list, path);
      continue;
    }
    const cover = (device ??= nullDevice(root));
    if (kind === "file") maskFile(root, path, cover);
    else list.when(maskFolder(list, path), "failed", () => maskFile(root, path, cover));
  }
}

/** Covers a directory; fails with ENOTDIR on anything else. Whatever path this is, it is one of the container's. */
function maskFolder(list: List, path: string): Result {
  return list.call("mount", "tmpfs", path, "tmpfs", MS_RDONLY, null).accept("ENOENT", "ENOTDIR").about(path);
}

function maskFile(root: RootView, path: string, device: Result): void {
  const { list } = root;
  const place = openInRoot(root, path).accept("ENOENT", "ENOTDIR");
  list.when(place, "succeeded", () => {
    const tree = list.call("open_tree", device, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | O_CLOEXEC).about(path);
    attach(list, tree, place, path);
  });
}

function nullDevice(root: RootView): Result {
  const device = openInRoot(root, "/dev/null", O_PATH | O_NOFOLLOW, STRICT);
  checkCharacterDevice(root.list, device, 1, 3, "/dev/null");
  return device;
}

/** What the usual paths are, to save the attempt with a directory where there is a file. */
function knownKind(path: string): "file" | "folder" | undefined {
  switch (path) {
    case "/proc/acpi":
    case "/proc/asound":
    case "/proc/scsi":
    case "/sys/firmware":
    case "/sys/devices/virtual/powercap":
      return "folder";
    case "/proc/kcore":
    case "/proc/keys":
    case "/proc/latency_stats":
    case "/proc/timer_list":
    case "/proc/timer_stats":
    case "/proc/sched_debug":
    case "/proc/interrupts":
    case "/proc/sysrq-trigger":
      return "file";
    default:
      return undefined;
  }
}

/** Makes `linux.readonlyPaths` read-only, with all that is mounted below. Missing ones are passed over. */
export function makePathsReadonly(root: RootView, paths: readonly string[]): void {
  if (paths.length === 0) return;
  const { list } = root;
  list.step("read-only paths", "settings of the kernel can be read, not changed", () => readonlyShell(paths));
  for (const given of paths) {
    const path = cleanPath(given);
    const place = openInRoot(root, path).accept("ENOENT", "ENOTDIR");
    list.when(place, "succeeded", () => {
      const flags = AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | O_CLOEXEC;
      const tree = list.call("open_tree", place, "", flags).about(path);
      changeMount(list, tree, { set: MOUNT_ATTR_RDONLY, recursive: true }, path);
      attach(list, tree, place, path);
    });
  }
}

function maskShell(paths: readonly string[]): string {
  return [
    forEach(paths),
    '  if [ -d "$ROOTFS$path" ]; then mount -t tmpfs -o ro tmpfs "$ROOTFS$path"',
    '  elif [ -e "$ROOTFS$path" ]; then mount --bind "$ROOTFS"/dev/null "$ROOTFS$path"; fi',
    "done",
  ].join("\n");
}

function readonlyShell(paths: readonly string[]): string {
  return [
    forEach(paths),
    '  [ -e "$ROOTFS$path" ] || continue',
    '  mount --rbind "$ROOTFS$path" "$ROOTFS$path"',
    '  mount -o remount,bind,ro "$ROOTFS$path"',
    "done",
  ].join("\n");
}

/** The head of a loop over paths, a few to a line. */
function forEach(paths: readonly string[]): string {
  let text = "for path in";
  let width = text.length;
  for (const path of paths.map(quote)) {
    if (width + path.length > 100) {
      text += " \\\n   ";
      width = 3;
    }
    text += ` ${path}`;
    width += path.length + 1;
  }
  return `${text}; do`;
}
