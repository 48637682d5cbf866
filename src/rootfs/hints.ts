import type { FailedCall } from "../plan/index.ts";

/** What to do about a failed call of this room's steps; undefined if nothing better is known than the errno. */
export function hintForRootfs({ call, errno, object = "" }: FailedCall): string | undefined {
  switch (call) {
    case "pivot_root":
      if (errno === "EINVAL")
        return "this machine runs from its initial ramfs, or husk in a chroot, where pivot_root cannot be: try --no-pivot";
      break;
    case "mount":
      if (errno === "EINVAL" && object === "/")
        return "husk runs in a chroot: / must be a mount point; mount --bind the folder on itself before chroot";
      break;
    case "fsopen":
      if (errno === "ENODEV") return "this kernel does not know that file system: husk check, or modprobe it";
      break;
    case "fsmount":
    case "fsconfig":
      return hintForFileSystem(errno, object);
    case "open_tree":
      if (errno === "ENOENT") return "name something that exists";
      if (errno === "ENOTDIR") return "a root file system is a folder: unpack archives and disk images first";
      if (errno === "EINVAL")
        return "the source has mounts below it that a user namespace must not uncover, or is unbindable: use rbind";
      if (errno === "EACCES")
        return "the container's root may not enter a folder above it: check the permissions";
      break;
    case "move_mount":
      if (errno === "ENOTDIR" || errno === "EINVAL")
        return "a folder can only be mounted on a folder, and a file on a file";
      break;
    case "openat2":
      if (errno === "ELOOP")
        return "a symbolic link stands where the root file system must have a real folder";
      if (errno === "EXDEV") return "something is mounted in the way";
      if (errno === "ENOTDIR") return "the root file system has a file where a folder is needed";
      if (errno === "EROFS")
        return "the root file system is read-only, and the mount point does not exist in it";
      if (errno === "ENOENT" && object.startsWith("sysctl"))
        return "this kernel has no such setting: sysctl -a lists them";
      break;
    case "mkdirat":
      if (errno === "EROFS") return "the mount point does not exist, and the root file system is read-only";
      if (errno === "EACCES" || errno === "EPERM" || errno === "EOVERFLOW")
        return "the mount point does not exist, and the container's root may not make it: create it in the root file system";
      break;
    case "mknodat":
      if (errno === "EPERM")
        return "husk may not make devices here (no CAP_MKNOD, or a device rule of its control group)";
      break;
    case "setfsuid":
    case "setfsgid":
      if (errno === "EIO") return "this id is not mapped in husk's user namespace";
      break;
    case "statx":
    case "openat":
      if (errno === "EACCES") return "check the permissions of the folders above it";
      break;
  }
  return undefined;
}

function hintForFileSystem(errno: string, object: string): string | undefined {
  const option = object.includes(" option ");
  if (option && errno === "EINVAL") return "the file system does not know this option, or not this value";
  if (object.startsWith("overlay")) {
    if (errno === "EINVAL") return "an overlay on an overlay on an overlay is more than the kernel allows";
    if (errno === "EACCES") return "others may not enter this folder or one above it";
  }
  if (errno === "EPERM" && object.startsWith("proc "))
    return "the kernel refuses a new /proc while parts of the present one are covered, and one for a pid namespace of others: run husk outside of the other container";
  if (errno === "EPERM" && object.startsWith("sysfs "))
    return "sysfs shows a network: mounting it needs an own network namespace, and an uncovered /sys";
  if (errno === "EPERM")
    return "only root may mount this file system; an ordinary user's user namespace is not enough";
  if (errno === "EBUSY") return "it is mounted elsewhere with other options";
  return undefined;
}
