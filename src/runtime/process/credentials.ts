import type { List } from "../../plan/index.ts";
import { dropBoundingSet, type LinuxCapabilities, setCapabilities } from "../../security/index.ts";
import type { User } from "../config.ts";

const PR_SET_KEEPCAPS = 8;
const NO_CAPABILITIES: LinuxCapabilities = {};

/** What the kernel allows besides the user's own wish. */
export interface CredentialLimits {
  /** setgroups(2) is denied in a user namespace with a single mapping (user_namespaces(7)). */
  readonly setgroupsDenied: boolean;
}

/**
 * Becomes the container's user with the container's capabilities (capabilities(7)): the bounding set shrinks
 * while CAP_SETPCAP is there, ids change while CAP_SETUID is there, and the sets are cut last.
 */
export function becomeUser(
  list: List,
  user: User,
  capabilities: LinuxCapabilities | undefined,
  limits: CredentialLimits,
): void {
  const caps = capabilities ?? NO_CAPABILITIES;
  list.step(
    `bounding capabilities: ${caps.bounding?.length ?? 0}`,
    "what is not in the bounding set cannot come back, not even through a set-user-id program",
    () => "# setpriv --bounding-set (see the last step)",
  );
  dropBoundingSet(list, caps);
  const groups = user.additionalGids ?? [];
  list.step(
    `user ${user.uid}:${user.gid}${groups.length > 0 ? ` groups ${groups.join(",")}` : ""}`,
    "files and processes are checked against these ids",
    () => "# setpriv --reuid --regid --groups (see the last step)",
  );
  list.call("prctl", PR_SET_KEEPCAPS, 1, 0, 0, 0);
  if (!limits.setgroupsDenied) {
    list
      .call("setgroups", groups.length, Uint8Array.from(groupBytes(groups)))
      .about(`groups ${groups.join(",")}`);
  }
  list.call("setresgid", user.gid, user.gid, user.gid).about(`gid ${user.gid}`);
  list.call("setresuid", user.uid, user.uid, user.uid).about(`uid ${user.uid}`);
  list.step(
    `capabilities: ${caps.effective?.length ?? 0} effective`,
    "root's power comes in pieces: only these pieces stay",
    () => "# setpriv --inh-caps --ambient-caps (see the last step)",
  );
  setCapabilities(list, caps);
  list.call("umask", user.umask ?? 0o22);
}

function groupBytes(groups: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(groups.length > 0 ? groups : [0]).buffer);
}
