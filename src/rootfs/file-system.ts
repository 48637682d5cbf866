import { type Call, type List, MOUNT_ATTR_BYTES, mountAttr, type Result } from "../plan/index.ts";
import {
  AT_EMPTY_PATH,
  AT_RECURSIVE,
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MS_REC,
} from "./flags.ts";
import type { MountOptions } from "./mount-options.ts";

/** A new file system to be mounted (fsopen(2)). */
export interface NewFileSystem {
  readonly type: string;
  /** What mountinfo shows as source. */
  readonly source?: string | undefined;
  /** Options of the file system: `key` or `key=value`. */
  readonly data?: readonly string[];
  /** Flags of the superblock by name: `sync`, `ro`, … */
  readonly flags?: readonly string[];
  /** MOUNT_ATTR_* of the mount. */
  readonly attributes?: number;
}

/** Makes a file system and a mount of it that stands nowhere yet; returns its descriptor. */
export function newFileSystem(list: List, what: NewFileSystem, where: string): Call {
  const { type, source, data, flags, attributes = 0 } = what;
  const context = list.call("fsopen", type, FSOPEN_CLOEXEC).about(`file system "${type}"`);
  if (source !== undefined && source !== "") setString(list, context, "source", source, type);
  if (flags !== undefined)
    for (let i = 0; i < flags.length; i++) setFlag(list, context, flags[i] as string, type);
  if (data !== undefined) {
    for (const option of data) {
      const equals = option.indexOf("=");
      if (equals < 0) setFlag(list, context, option, type);
      else setString(list, context, option.slice(0, equals), option.slice(equals + 1), type);
    }
  }
  list.call("fsconfig", context, FSCONFIG_CMD_CREATE, null, null, 0).about(`${type} on ${where}`);
  return list.call("fsmount", context, FSMOUNT_CLOEXEC, attributes).about(`${type} on ${where}`);
}

/** Gives a file system context a string (256 bytes at most, fsconfig(2)). */
export function setString(list: List, context: Result, key: string, value: string, type: string): void {
  list
    .call("fsconfig", context, FSCONFIG_SET_STRING, key, value, 0)
    .about(`${type} option "${key}=${value}"`);
}

export function setFlag(list: List, context: Result, key: string, type: string): void {
  list.call("fsconfig", context, FSCONFIG_SET_FLAG, key, null, 0).about(`${type} option "${key}"`);
}

/** Changes attributes and propagation of an open mount; nothing is called if nothing changes (mount_setattr(2)). */
export function changeMount(
  list: List,
  mount: Result,
  change: { set?: number; clear?: number; propagation?: number; recursive?: boolean },
  path: string,
): void {
  const { set = 0, clear = 0, propagation = 0, recursive = false } = change;
  if (set === 0 && clear === 0 && propagation === 0) return;
  const flags = recursive ? AT_EMPTY_PATH | AT_RECURSIVE : AT_EMPTY_PATH;
  list
    .call("mount_setattr", mount, "", flags, mountAttr(set, clear, propagation), MOUNT_ATTR_BYTES)
    .about(path);
}

/** Applies to an open mount what the options of a bind or a remount say. */
export function changeByOptions(list: List, mount: Result, options: MountOptions, path: string): void {
  const { set, clear, recursiveSet, recursiveClear } = options;
  changeMount(list, mount, { set, clear }, path);
  changeMount(list, mount, { set: recursiveSet, clear: recursiveClear, recursive: true }, path);
}

/** Applies `private`, `rslave`, … to an attached mount, in the order given. */
export function propagateByOptions(list: List, mount: Result, options: MountOptions, path: string): void {
  for (const kind of options.propagation) {
    changeMount(list, mount, { propagation: kind & ~MS_REC, recursive: (kind & MS_REC) !== 0 }, path);
  }
}
