/** `root` of the runtime-spec's config.json (config.md, "Root"). */
export interface Root {
  /** The root file system's directory, absolute or relative to the bundle. */
  readonly path: string;
  readonly readonly?: boolean;
}

/** One line of an id mapping, as in the runtime-spec. */
export interface MountIdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

/** One of `mounts` of the runtime-spec's config.json (config.md, "Mounts"). */
export interface Mount {
  /** Where it appears, in the container. */
  readonly destination: string;
  readonly type?: string;
  /** What is mounted: a device, a name, or for bind mounts a path (absolute or relative to the bundle). */
  readonly source?: string;
  /**
   * Not of the specification: a folder that containers write to and `source` is below. Links on the way from it are
   * followed inside of it only.
   */
  readonly sourceRoot?: string;
  readonly options?: readonly string[];
  readonly uidMappings?: readonly MountIdMapping[];
  readonly gidMappings?: readonly MountIdMapping[];
}

/** One of `linux.devices` of the runtime-spec's config.json (config-linux.md, "Devices"). */
export interface LinuxDevice {
  /** `c` and `u` a character device, `b` a block device, `p` a FIFO. */
  readonly type: string;
  readonly path: string;
  readonly major?: number;
  readonly minor?: number;
  /** Permission bits; 0666 when absent. */
  readonly fileMode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** `linux.rootfsPropagation` of the runtime-spec, with runc's recursive forms. */
export type RootfsPropagation =
  | "shared"
  | "slave"
  | "private"
  | "unbindable"
  | "rshared"
  | "rslave"
  | "rprivate"
  | "runbindable";

/** One of the things mounted where the configuration says `cgroup`; `destination` is a name below that place. */
export interface CgroupMount {
  /** A name such as `memory`, or empty: the place itself (cgroup v2). */
  readonly destination: string;
  /** Mount source, source directory (`bind`) or link target (`symlink`). */
  readonly source: string;
  readonly type: "cgroup" | "cgroup2" | "bind" | "symlink";
  readonly options: readonly string[];
}

/** A folder on this machine that keeps what a container writes. */
export interface WritableFolder {
  /** Absolute path. The folders {@link writableFolders} names are in it, empty and the container's root's at first. */
  readonly path: string;
  /** Its root was never made, or not to the end: it is composed anew. Otherwise what was removed stays removed. */
  readonly isNew: boolean;
  /** It will not be used again, so that nothing has to reach the disk (overlayfs.rst, "Volatile mount"). */
  readonly volatile: boolean;
  /** How a composed root keeps what is written; an image's does not ask. */
  readonly form?: WritableForm;
}

/** Empty folder in `views` or `beside`, made when a root is composed, with all that was to be in it; no {@link viewName}. */
export const COMPOSED_MARK = "%composed";

/**
 * How a composed root is kept:
 *
 * - `whole`: `upper` and `work` are one overlay's, of the root ({@link ROOT}) and of all parts that are {@link RootPart}'s
 *   `inRoot`, each under its name; those of other parts stand in `beside` and `beside-work` ({@link viewName}).
 * - `apart`: `upper` is the root, as it is, and what is written to a part is in `views`.
 */
export type WritableForm = "whole" | "apart";

/** Name of the container's root in an overlay that is a `whole`. */
export const ROOT = ".husk";

/**
 * The folders in which what is written is kept, in the order in which they are made: `views` tells an `apart` from a
 * `whole`, and when there is `upper`, there are the others.
 */
export function writableFolders(source: RootfsSource): string[] {
  if (source.kind !== "composed") return ["work", "upper"];
  if (source.writable?.form !== "whole") return ["views", "work", "upper"];
  for (const part of source.parts)
    if (part.kind === "copy-on-write" && part.inRoot !== true)
      return ["beside", "beside-work", "work", "upper"];
  return ["work", "upper"];
}

/** Name of the folder with what was written to the part of a composed root at `path`. */
export function viewName(path: string): string {
  return path.slice(1).replace(/[%/\\:,]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
}

/** Where a container's root file system comes from. */
export type RootfsSource =
  | { readonly kind: "directory"; readonly path: string }
  | {
      readonly kind: "layers";
      /** Absolute paths of folders, the topmost layer first. */
      readonly layers: readonly string[];
      /** Permission bits of the root directory. */
      readonly mode: number;
      /** Files that replace those of the image, such as /etc/hosts. */
      readonly files: readonly { readonly path: string; readonly content: string }[];
      /** The kernel does not take layers by descriptor (before Linux 6.13). */
      readonly byName: boolean;
      /** Largest size of everything written, in tmpfs's words (`512m`, `25%`); absent: half of the memory. */
      readonly size?: string;
      /** Absent: what is written is kept in memory. */
      readonly writable?: WritableFolder;
    }
  | {
      readonly kind: "composed";
      readonly parts: readonly RootPart[];
      /**
       * User and group id, as the container's process sees them, that `copy-on-write` parts are read as, so that
       * what others may not read stays unreadable. Absent: read as the container's own root.
       */
      readonly reader?: number;
      /** Largest size of everything written, in tmpfs's words (`512m`, `25%`); absent: half of the memory. */
      readonly size?: string;
      /** Absent: what is written is kept in memory. */
      readonly writable?: WritableFolder;
    };

/** A piece of a composed root file system; later parts may stand inside earlier ones. */
export type RootPart =
  | { readonly kind: "directory"; readonly path: string; readonly mode: number }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "file"; readonly path: string; readonly content: string; readonly mode: number }
  | {
      readonly kind: "copy-on-write";
      /** Place in the container. */
      readonly path: string;
      /** The host's directory. */
      readonly from: string;
      readonly mode: number;
      /** `from` is `path`, a folder in this machine's `/` that is no mount of its own and is not on an overlay. */
      readonly inRoot?: boolean;
      /**
       * Present if `from` is itself on an overlay, on which two more cannot stand: the files others may not read,
       * relative to `from`, a directory (with a final slash) after what is in it. They are removed from the view.
       */
      readonly hidden?: readonly string[];
    };
