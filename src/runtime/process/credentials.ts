import type { List } from "../../plan/index.ts";
import { type CapabilitySets, dropBoundingSet, setCapabilities } from "../../security/index.ts";
import type { User } from "../config.ts";

const PR_SET_KEEPCAPS = 8;

/** Becomes root of a user namespace that was entered. */
export function becomeRoot(list: List, setgroupsDenied: boolean): void {
  list.step("become root of the user namespace", "powerful in here, an ordinary user outside");
  if (!setgroupsDenied) list.call("setgroups", 0, null);
  list.call("setresgid", 0, 0, 0);
  list.call("setresuid", 0, 0, 0);
}

/**
 * Becomes the container's user with the container's capabilities (capabilities(7)): the bounding set shrinks
 * while CAP_SETPCAP is there, ids change while CAP_SETUID is there, and the sets are cut last.
 *
 * @param setgroupsDenied in a user namespace with a single mapping the groups cannot be changed
 */
export function becomeUser(
  list: List,
  user: User,
  capabilities: CapabilitySets,
  setgroupsDenied: boolean,
): void {
  const groups = user.additionalGids ?? [];
  const setprivGroups = groups.length > 0 ? `--groups ${groups.join(",")}` : "--clear-groups";
  dropBoundingSet(list, capabilities.bounding);
  list.step(
    `user ${user.uid}:${user.gid}${groups.length > 0 ? `, groups ${groups.join(" ")}` : ""}`,
    "files and processes are checked against these ids",
    () =>
      `SETPRIV="$SETPRIV --reuid ${user.uid} --regid ${user.gid} ${setgroupsDenied ? "--keep-groups" : setprivGroups}"
umask 0${(user.umask ?? 0o22).toString(8)}`,
  );
  list.call("umask", user.umask ?? 0o22);
  list.call("prctl", PR_SET_KEEPCAPS, 1, 0, 0, 0);
  if (!setgroupsDenied) {
    const ids = new Uint8Array(new Uint32Array(groups).buffer);
    list.call("setgroups", groups.length, groups.length > 0 ? ids : null).about(`groups ${groups.join(" ")}`);
  }
  list.call("setresgid", user.gid, user.gid, user.gid).about(`gid ${user.gid}`);
  list.call("setresuid", user.uid, user.uid, user.uid).about(`uid ${user.uid}`);
  setCapabilities(list, capabilities);
}

/** Gives standard streams to the container's user, who may want to open them again by their path (/dev/stdout). */
export function ownStreams(list: List, streams: readonly number[], uid: number): void {
  if (streams.length === 0) return;
  list.step(`streams of user ${uid}`, "the program may open /dev/stdin, /dev/stdout and /dev/stderr again");
  // Not every file has an owner that can be changed, and not every owner exists in a user namespace.
  for (const fd of streams) list.call("fchown", fd, uid, -1).accept("EINVAL", "EPERM", "EACCES", "EROFS");
}
