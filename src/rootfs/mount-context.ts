import type { List, Result } from "../plan/index.ts";
import type { RootView } from "./in-root.ts";
import type { CgroupMount, MountIdMapping, RootfsSource } from "./types.ts";

/** Maps of a user namespace. */
export interface MountIdMaps {
  readonly uids: readonly MountIdMapping[];
  readonly gids: readonly MountIdMapping[];
}

/** What mounting has to know about the container. */
export interface MountContext {
  readonly root: RootView;
  /** Where the root file system comes from: `tmpcopyup` has to know what it holds. */
  readonly source: RootfsSource;
  /** The bundle's directory: relative bind sources count from it. */
  readonly bundle: string;
  /**
   * The keeper's list, if bind sources have to be opened with the host's rights: under a user namespace the
   * container's root may not enter the folders above them.
   */
  readonly keeper?: List;
  /** The container has a user namespace of its own, or husk itself stands in one. */
  readonly userNamespace?: boolean;
  /** The container's network namespace belongs to its user namespace: sysfs may be mounted. Default: true. */
  readonly ownNetwork?: boolean;
  /** False: the container, with another user namespace, shares the host's processes. proc may not be mounted. */
  readonly ownProcesses?: boolean;
  /** Whether a group id is mapped in the container; absent: all are. */
  readonly hasGid?: (gid: number) => boolean;
  /** Where user namespaces for id-mapped mounts come from; absent: there can be none. */
  readonly idMaps?: {
    /** One with these maps. */
    readonly make: (maps: MountIdMaps) => Result;
    /** One with the container's maps; absent: it has no user namespace. */
    readonly container?: () => Result;
  };
  /** SELinux context of new file systems (`linux.mountLabel`). */
  readonly label?: string | undefined;
  /** What a mount of type `cgroup` stands for. */
  readonly cgroup?: readonly CgroupMount[];
}

/** Mounts that later steps act on. */
export interface Mounted {
  /** The container's own /proc, if husk mounted one that is writable. */
  writableProc: Result | undefined;
}
