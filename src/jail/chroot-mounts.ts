import type { List } from "../plan/index.ts";
import { HuskError } from "../platform/error.ts";
import { statInRoot } from "../platform/in-root.ts";
import { addMounts, attachRoot, makeRootPrivate, makeRootReadonly, pivotRoot } from "../rootfs/index.ts";
import { pivotAndKeep } from "./keep-old-root.ts";
import type { ChrootOptions } from "./plan-chroot.ts";

/**
 * The jail with mounts: the folder is mounted, what is asked for is mounted in it, and pivot_root(2) changes the
 * root. What only the host's root may open is opened by the keeper, so its list must not have cloned yet.
 *
 * @throws HuskError "not-found" where the jail has no folder for the old root
 */
export function enterWithMounts(
  list: List,
  keeper: List,
  options: ChrootOptions,
  caller: { readonly privileged: boolean },
): void {
  const { folder, mounts, readOnly, oldRoot, maps, ownNetwork } = options;
  if (oldRoot !== undefined && statInRoot({ root: folder }, oldRoot)?.stats.isDirectory() !== true) {
    throw new HuskError("not-found", `${folder} has no folder ${oldRoot} for the old root`, {
      hint: `mkdir -p ${folder}${oldRoot}, or name another with --old-root`,
    });
  }
  const userNamespace = maps !== undefined;
  const source = { kind: "directory", path: folder } as const;
  const opener = userNamespace && caller.privileged ? { keeper } : {};
  makeRootPrivate(list);
  const root = attachRoot(list, source, { userNamespace, ...opener });
  const network = ownNetwork || !userNamespace;
  addMounts({ root: root.view, bundle: "/", userNamespace, ownNetwork: network, source, ...opener }, mounts);
  if (oldRoot === undefined) pivotRoot(list, root);
  else pivotAndKeep(list, root, oldRoot);
  if (readOnly) makeRootReadonly(list, root);
  // Attaching set it to 0.
  list.call("umask", process.umask());
}
