import {
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NOSYMFOLLOW,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_STRICTATIME,
  MS_PRIVATE,
  MS_REC,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
} from "./flags.ts";

/** What the options of one mount mean to the kernel. */
export interface MountOptions {
  /** MOUNT_ATTR_* of this mount (mount_setattr(2), fsmount(2)). */
  set: number;
  clear: number;
  /** The same for this mount and all below it (`rro` and its kin). */
  recursiveSet: number;
  recursiveClear: number;
  /** Flags of the file system itself, by their fsconfig(2) names: `sync`, `dirsync`, `lazytime`, … */
  superblock: string[];
  /** MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE with or without MS_REC, in the order given. */
  propagation: number[];
  bind: boolean;
  /** `rbind`: with everything mounted below the source. */
  recursive: boolean;
  remount: boolean;
  /** Begin a tmpfs with what the root file system has in this place. */
  copyUp: boolean;
  /** Bind a symbolic link itself, not what it points to. */
  sourceNofollow: boolean;
  /** Mount on a symbolic link itself. */
  destinationNofollow: boolean;
  /** If the source is a symbolic link, make the same link instead of a mount. */
  copySymlink: boolean;
  /** Its files seem to be other users': this mount's alone, or with `ridmap` those of all below it too. */
  idMap: "idmap" | "ridmap" | undefined;
  /** Everything else: the file system's own options, `key` or `key=value`. */
  data: string[];
}

/**
 * Reads mount options by the names that the runtime-spec, runc and crun know (config.md, "Linux mount options").
 */
export function parseMountOptions(options: readonly string[]): MountOptions {
  const parsed: MountOptions = {
    set: 0,
    clear: 0,
    recursiveSet: 0,
    recursiveClear: 0,
    superblock: [],
    propagation: [],
    bind: false,
    recursive: false,
    remount: false,
    copyUp: false,
    sourceNofollow: false,
    destinationNofollow: false,
    copySymlink: false,
    idMap: undefined,
    data: [],
  };
  for (const option of options) read(parsed, option);
  return parsed;
}

function read(parsed: MountOptions, option: string): void {
  if (attribute(parsed, option, false)) return;
  if (option.charCodeAt(0) === 114 /* r */ && attribute(parsed, option.slice(1), true)) return;
  switch (option) {
    case "defaults":
    case "silent":
    case "loud":
    case "iversion":
    case "noiversion":
    case "":
      return;
    case "bind":
      parsed.bind = true;
      return;
    case "rbind":
      parsed.bind = parsed.recursive = true;
      return;
    case "remount":
      parsed.remount = true;
      return;
    case "sync":
    case "async":
    case "dirsync":
    case "lazytime":
    case "nolazytime":
    case "mand":
    case "nomand":
      parsed.superblock.push(option);
      return;
    case "private":
    case "rprivate":
      return propagate(parsed, MS_PRIVATE, option);
    case "shared":
    case "rshared":
      return propagate(parsed, MS_SHARED, option);
    case "slave":
    case "rslave":
      return propagate(parsed, MS_SLAVE, option);
    case "unbindable":
    case "runbindable":
      return propagate(parsed, MS_UNBINDABLE, option);
    case "tmpcopyup":
      parsed.copyUp = true;
      return;
    case "src-nofollow":
      parsed.sourceNofollow = true;
      return;
    case "dest-nofollow":
      parsed.destinationNofollow = true;
      return;
    case "copy-symlink":
      parsed.copySymlink = true;
      return;
    case "idmap":
    case "ridmap":
      parsed.idMap = option;
      return;
    default:
      parsed.data.push(option);
  }
}

function propagate(parsed: MountOptions, kind: number, option: string): void {
  parsed.propagation.push(option.charCodeAt(0) === 114 /* r */ ? kind | MS_REC : kind);
}

/** Reads an attribute's name; `recursive` when it stood behind an `r` (`rnosuid`). False if it is none. */
function attribute(parsed: MountOptions, name: string, recursive: boolean): boolean {
  switch (name) {
    case "ro":
      return put(parsed, MOUNT_ATTR_RDONLY, 0, recursive);
    case "rw":
      return put(parsed, 0, MOUNT_ATTR_RDONLY, recursive);
    case "nosuid":
      return put(parsed, MOUNT_ATTR_NOSUID, 0, recursive);
    case "suid":
      return put(parsed, 0, MOUNT_ATTR_NOSUID, recursive);
    case "nodev":
      return put(parsed, MOUNT_ATTR_NODEV, 0, recursive);
    case "dev":
      return put(parsed, 0, MOUNT_ATTR_NODEV, recursive);
    case "noexec":
      return put(parsed, MOUNT_ATTR_NOEXEC, 0, recursive);
    case "exec":
      return put(parsed, 0, MOUNT_ATTR_NOEXEC, recursive);
    case "nodiratime":
      return put(parsed, MOUNT_ATTR_NODIRATIME, 0, recursive);
    case "diratime":
      return put(parsed, 0, MOUNT_ATTR_NODIRATIME, recursive);
    case "nosymfollow":
      return put(parsed, MOUNT_ATTR_NOSYMFOLLOW, 0, recursive);
    case "symfollow":
      return put(parsed, 0, MOUNT_ATTR_NOSYMFOLLOW, recursive);
    // The access time is one field of three values; the kernel wants it cleared whole before one is set.
    case "noatime":
      return put(parsed, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, recursive);
    case "strictatime":
      return put(parsed, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, recursive);
    case "relatime":
    case "atime":
    case "norelatime":
    case "nostrictatime":
      return put(parsed, 0, MOUNT_ATTR__ATIME, recursive);
    default:
      return false;
  }
}

/** The later of two contradicting options wins. */
function put(parsed: MountOptions, set: number, clear: number, recursive: boolean): true {
  if (recursive) {
    parsed.recursiveSet = (parsed.recursiveSet & ~clear) | set;
    parsed.recursiveClear = (parsed.recursiveClear & ~set) | clear;
  } else {
    parsed.set = (parsed.set & ~clear) | set;
    parsed.clear = (parsed.clear & ~set) | clear;
  }
  return true;
}
