import { utf8 } from "../platform/utf8.ts";
import { bindMount } from "./bind.ts";
import { cgroupMount } from "./cgroup-mount.ts";
import { changeByOptions, newFileSystem, propagateByOptions, setFlag, setString } from "./file-system.ts";
import {
  FSCONFIG_CMD_RECONFIGURE,
  FSPICK_CLOEXEC,
  FSPICK_EMPTY_PATH,
  MOUNT_ATTR_RDONLY,
  O_DIRECTORY,
  O_PATH,
} from "./flags.ts";
import { refuseIdMap } from "./id-mapped.ts";
import { attach, cleanPath, directoryInRoot, noteMount, openInRoot } from "./in-root.ts";
import type { MountContext, Mounted } from "./mount-context.ts";
import { refuseDestination, resolveFor } from "./mount-destination.ts";
import { type MountOptions, parseMountOptions } from "./mount-options.ts";
import { shellForFileSystem, shellForRemount } from "./mount-shell.ts";
import { copyUp } from "./tmp-copy-up.ts";
import type { Mount } from "./types.ts";

/**
 * Adds a step for each mount of the configuration, in its order (config.md, "Mounts").
 *
 * Each file system or clone is made detached and then attached to a place that is resolved inside the root and
 * held open, so that swapping the place for a symbolic link meanwhile redirects nothing (CVE-2021-30465).
 *
 * @throws HuskError `invalid` (options, places at or below /proc), `not-found` (bind source), `unsupported`
 */
export function addMounts(context: MountContext, mounts: readonly Mount[]): Mounted {
  const mounted: Mounted = { writableProc: undefined };
  for (const mount of mounts) addMount(context, mount, mounted);
  return mounted;
}

function addMount(context: MountContext, mount: Mount, mounted: Mounted): void {
  const destination = cleanPath(mount.destination);
  const options = parseMountOptions(mount.options ?? []);
  const type = options.bind || mount.type === "bind" || mount.type === "rbind" ? "bind" : mount.type;
  refuseDestination(mount, destination, type, options.remount);
  const { list } = context.root;
  if (type === "bind") return bindMount(context, mount, destination, options);
  refuseIdMap(mount, destination, options);
  if (options.remount) return remount(context, mount, destination, options);
  if (type === "cgroup" || type === "cgroup2") {
    return cgroupMount(context, mount, destination, options);
  }
  const source = sharedSource(type, context);
  if (source !== undefined) {
    const bind = {
      ...options,
      bind: true,
      recursive: true,
      recursiveSet: options.recursiveSet | options.set,
    };
    return bindMount(context, { ...mount, source }, destination, bind);
  }
  const fs = fileSystem(mount, type as string, options, context);
  list.step(title(fs.type, destination), why(fs.type, destination), () =>
    // Without the group that the user namespace does not have.
    shellForFileSystem(
      mount,
      destination,
      fs.type,
      (mount.options ?? []).filter((option) => !option.startsWith("gid=") || fs.data.includes(option)),
    ),
  );
  const made = newFileSystem(list, fs, destination);
  const place = directoryInRoot(context.root, destination, resolveFor(destination));
  if (options.copyUp) copyUp(context, place, made, destination);
  attach(list, made, place, destination);
  const fixed = type === "proc" || type === "sysfs";
  noteMount(
    context.root,
    destination,
    fixed || (type === "tmpfs" && !options.copyUp) ? made : undefined,
    fixed,
  );
  if (type === "mqueue" && context.label) labelDirectory(context, destination, context.label);
  propagateByOptions(list, made, options, destination);
  if (type === "proc" && destination === "/proc" && (fs.attributes & MOUNT_ATTR_RDONLY) === 0)
    mounted.writableProc = made;
}

/** sysfs shows a network and proc processes, so mounting one takes rights over them; the host's shows the same. */
function sharedSource(type: string | undefined, context: MountContext): string | undefined {
  if (context.userNamespace !== true) return undefined;
  if (type === "sysfs" && context.ownNetwork === false) return "/sys";
  return type === "proc" && context.ownProcesses === false ? "/proc" : undefined;
}

function fileSystem(mount: Mount, type: string, options: MountOptions, context: MountContext) {
  const { hasGid } = context;
  if (hasGid !== undefined && type === "devpts") {
    // The owner of terminals must exist in the user namespace; without the option it is whoever opens one.
    options.data = options.data.filter(
      (option) => !option.startsWith("gid=") || hasGid(Number(option.slice(4))),
    );
  }
  if (context.label && isLabelled(type)) options.data.push(`context=${context.label}`);
  if ((options.set & MOUNT_ATTR_RDONLY) !== 0 && !isMemoryFileSystem(type)) options.superblock.push("ro");
  const attributes = options.set | options.recursiveSet;
  return { type, source: mount.source, data: options.data, flags: options.superblock, attributes };
}

/** SELinux kernels label no proc and sysfs; of mqueue, only the mount's own directory (runc's rules). */
function isLabelled(type: string): boolean {
  return type !== "proc" && type !== "sysfs" && type !== "mqueue";
}

/** These have no disk to protect: read-only is a matter of the mount, and their superblock may be shared. */
function isMemoryFileSystem(type: string): boolean {
  switch (type) {
    case "tmpfs":
    case "proc":
    case "sysfs":
    case "devpts":
    case "mqueue":
    case "ramfs":
      return true;
    default:
      return false;
  }
}

function labelDirectory({ root }: MountContext, destination: string, label: string): void {
  const bytes = utf8.encode(label);
  const folder = openInRoot(root, destination, O_DIRECTORY);
  root.list.call("fsetxattr", folder, "security.selinux", bytes, bytes.length, 0).about(destination);
}

/** Changes an existing mount, or the file system in it (`remount` without `bind`). */
function remount(context: MountContext, mount: Mount, destination: string, options: MountOptions): void {
  const { root } = context;
  const { list } = root;
  list.step(
    `change the mount on ${destination}`,
    "the configuration asks for other options in this place",
    () => shellForRemount(mount, destination),
  );
  const place = openInRoot(root, destination, O_PATH, resolveFor(destination));
  if (options.data.length + options.superblock.length > 0) {
    const type = mount.type ?? "file system";
    const picked = list.call("fspick", place, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH).about(destination);
    for (const flag of options.superblock) setFlag(list, picked, flag, type);
    for (const option of options.data) {
      const equals = option.indexOf("=");
      if (equals < 0) setFlag(list, picked, option, type);
      else setString(list, picked, option.slice(0, equals), option.slice(equals + 1), type);
    }
    list.call("fsconfig", picked, FSCONFIG_CMD_RECONFIGURE, null, null, 0).about(destination);
  }
  changeByOptions(list, place, options, destination);
  propagateByOptions(list, place, options, destination);
}

function title(type: string, destination: string): string {
  switch (type) {
    case "proc":
    case "sysfs":
    case "devpts":
    case "mqueue":
      return `own ${destination}`;
    default:
      return `${type} on ${destination}`;
  }
}

function why(type: string, destination: string): string {
  switch (type) {
    case "proc":
      return "ps shows only the container's processes";
    case "sysfs":
      return "the kernel's view of devices, with the container's own network";
    case "devpts":
      return "terminals that no other container can open";
    case "mqueue":
      return "the container's own POSIX message queues can be seen as files";
    case "tmpfs":
      if (destination === "/dev") return "a /dev in memory that starts empty: none of the host's devices";
      if (destination === "/dev/shm") return "shared memory between the container's processes only";
      return "files in memory, gone when the container ends";
    default:
      return "a file system that the configuration asks for";
  }
}
