import type { List } from "../plan/index.ts";
import { MS_PRIVATE, MS_REC, MS_SHARED, MS_SLAVE, MS_UNBINDABLE } from "./flags.ts";
import type { RootfsPropagation } from "./types.ts";

/** The propagation that `linux.rootfsPropagation` names; recursive ones carry MS_REC. */
export function propagationFlags(name: RootfsPropagation): number {
  const kind = name.endsWith("shared")
    ? MS_SHARED
    : name.endsWith("slave")
      ? MS_SLAVE
      : name.endsWith("unbindable")
        ? MS_UNBINDABLE
        : MS_PRIVATE;
  return name.startsWith("r") ? kind | MS_REC : kind;
}

/**
 * The first thing in a new mount namespace: mounts made in it must not appear on the host.
 * With `shared`, all but the root mount go on exchanging mounts with the host, as asked.
 */
export function makeRootPrivate(list: List, propagation: RootfsPropagation | undefined = "rslave"): void {
  const kind = propagationFlags(propagation) & ~MS_REC;
  const word = kind === MS_SLAVE ? "rslave" : kind === MS_SHARED ? "private" : "rprivate";
  list.step(
    "private mounts",
    "mounts made in here must not appear on the host",
    () => `mount --make-${word} /`,
  );
  // An unbindable root could not be cloned; it becomes so at the end.
  const flags = kind === MS_SLAVE ? MS_REC | MS_SLAVE : kind === MS_SHARED ? MS_PRIVATE : MS_REC | MS_PRIVATE;
  list.call("mount", null, "/", null, flags, null).about("/");
}
