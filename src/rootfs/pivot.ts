import { readFileSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import type { List } from "../plan/index.ts";
import type { AttachedRoot } from "./attached-root.ts";
import { changeMount } from "./file-system.ts";
import {
  MNT_DETACH,
  MOUNT_ATTR_RDONLY,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_RDONLY,
  MS_REC,
  MS_SHARED,
  MS_SLAVE,
} from "./flags.ts";
import { propagationFlags } from "./propagation.ts";
import { inRootfs } from "./shell.ts";
import type { RootfsPropagation } from "./types.ts";

export interface PivotOptions {
  readonly propagation?: RootfsPropagation | undefined;
  /** Cover the old root instead of exchanging it (`runc --no-pivot`): for hosts whose root is the initial ramfs. */
  readonly noPivot?: boolean;
}

/** Makes the container's root the only one there is: pivot_root(2), then the host's tree is let go of. */
export function pivotRoot(list: List, root: AttachedRoot, options: PivotOptions = {}): void {
  const propagation = options.propagation === undefined ? 0 : propagationFlags(options.propagation);
  if (options.noPivot) return moveRoot(list, root, propagation);
  list.step(
    "change root",
    "the container's root becomes /, and nothing of the host's tree can be reached any more",
    () => 'pivot_root "$ROOTFS" "$ROOTFS"',
  );
  list.call("fchdir", root.view.descriptor);
  // The old root ends up on top of the new one: see "pivot_root(".", ".")" in pivot_root(2).
  list.call("pivot_root", ".", ".").about("the root file system");
  if (root.staged) list.call("umount2", ".", MNT_DETACH).about("the file system the root was composed in");
  if ((propagation & MS_SHARED) !== 0) {
    // Its mounts are the host's peers still: unmounting must not happen there too.
    list.call("mount", null, ".", null, MS_REC | MS_SLAVE, null).about("the old root");
  }
  list.call("umount2", ".", MNT_DETACH).about("the old root");
  list.call("chdir", "/");
  propagateRoot(list, root, propagation);
}

/**
 * The way without `pivot_root`: the new root already covers `/`, so entering it with chroot is left. The host's
 * /proc and /sys are unmounted or covered first: while whole ones are anywhere in the mount namespace, a container
 * may mount new ones without the masks.
 */
function moveRoot(list: List, root: AttachedRoot, propagation: number): void {
  if ((propagation & MS_SHARED) !== 0) {
    throw new HuskError("unsupported", "a root that is shared with the host needs pivot_root", {
      hint: "leave out --no-pivot, or the rootfsPropagation",
    });
  }
  list.step(
    "enter the root without pivot_root",
    "asked for: the host's tree stays mounted below, out of sight",
    () => 'mount --move "$ROOTFS" /',
  );
  for (const mount of kernelMounts()) {
    const umount = list.call("umount2", mount, MNT_DETACH).accept("EINVAL", "EPERM", "ENOENT").about(mount);
    list.when(umount, "failed", () => {
      const flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
      list.call("mount", "tmpfs", mount, "tmpfs", flags, null).accept("ENOENT").about(mount);
    });
  }
  list.call("fchdir", root.view.descriptor);
  list.call("chroot", ".").about("the root file system");
  list.call("chdir", "/");
  propagateRoot(list, root, propagation);
}

function propagateRoot(list: List, root: AttachedRoot, propagation: number): void {
  if (propagation === 0) return;
  const recursive = (propagation & MS_REC) !== 0;
  changeMount(list, root.view.descriptor, { propagation: propagation & ~MS_REC, recursive }, "/");
}

/** Where whole proc and sysfs file systems are mounted on the host, innermost first. */
function kernelMounts(): string[] {
  const found: string[] = [];
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
    const fields = line.split(" ");
    const type = fields[fields.indexOf("-") + 1];
    if (fields[3] === "/" && (type === "proc" || type === "sysfs")) {
      found.unshift(
        (fields[4] as string).replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8))),
      );
    }
  }
  return found;
}

/** Makes the root file system read-only; what is mounted in it keeps its own setting. */
export function makeRootReadonly(list: List, root: AttachedRoot): void {
  list.step("read-only root", "programs cannot change the container's own files", () =>
    ["/", ...root.layers.map(({ path }) => path)]
      .map((path) => `mount -o remount,bind,ro ${inRootfs(path)}`)
      .join("\n"),
  );
  changeMount(list, root.view.descriptor, { set: MOUNT_ATTR_RDONLY }, "/");
  for (const { mount, path } of root.layers) changeMount(list, mount, { set: MOUNT_ATTR_RDONLY }, path);
}
