import type { List, Result } from "../plan/index.ts";
import { openProcess } from "./id-map.ts";
import { namespaceFiles, type NamespaceType } from "./types.ts";

const AT_FDCWD = -100;
const OPEN_TREE_CLONE_CLOEXEC = 0o2000001;
const MOVE_MOUNT_F_EMPTY_PATH = 4;

/** A namespace that outlives its last process, and the file through which it is found. */
export interface KeptNamespace {
  readonly type: NamespaceType;
  readonly file: string;
}

/**
 * Binds namespaces of process `pid` (an earlier result) to files, which keeps them alive (namespaces(7)).
 * Done from outside: a mount namespace cannot be bound inside itself.
 */
export function keepNamespaces(keeper: List, pid: Result, kept: readonly KeptNamespace[]): void {
  if (kept.length === 0) return;
  keeper.step(
    "keep namespaces",
    "a namespace ends with its last process, unless its file is mounted somewhere; umount ends it",
    () =>
      kept.map(({ type, file }) => `mount --bind /proc/$PID/ns/${namespaceFiles[type]} '${file}'`).join("\n"),
  );
  const proc = openProcess(keeper, pid);
  for (const { type, file } of kept) {
    const tree = keeper.call("open_tree", proc, `ns/${namespaceFiles[type]}`, OPEN_TREE_CLONE_CLOEXEC);
    tree.about(`the new ${type} namespace`);
    keeper
      .call("move_mount", tree, "", AT_FDCWD, file, MOVE_MOUNT_F_EMPTY_PATH)
      .about(`${file} as the file of the ${type} namespace`);
  }
}
