import { readFileSync } from "node:fs";
import type { MakeContext } from "../image/index.ts";
import type { OwnIds } from "../namespace/index.ts";
import { hasMapHelpers, ownMappings } from "./subids.ts";

/** Who may own an image's files when this user unpacks them, and what it takes to give them away. */
export interface FileOwners extends Pick<MakeContext["unpack"], "owners" | "overlayXattrs"> {
  /** The user namespace in which an ordinary user's files get their owners. */
  readonly ids?: OwnIds;
}

/**
 * As root whom the image names; an ordinary user's files belong to that user and to the ids of /etc/subuid, as in the
 * containers; without such a range to that user alone, who is root in the container.
 */
export function fileOwners(): FileOwners {
  const uid = process.geteuid?.() ?? 0;
  if (uid === 0) {
    const [first, , size] = readFileSync("/proc/self/uid_map", "latin1").trim().split(/\s+/).map(Number);
    // Root of a user namespace may neither set trusted attributes, nor give files to ids that are not there.
    if (first === 0 && size === 4294967295) return { owners: "now", overlayXattrs: "trusted" };
    return { owners: (size ?? 0) > 1 ? "now" : "never", overlayXattrs: "user" };
  }
  const { uid: uids, gid: gids } = ownMappings(uid, process.getegid?.() ?? 0, hasMapHelpers());
  if (uids.length === 1) return { owners: "never", overlayXattrs: "user" };
  const writer = {
    kind: "helpers",
    newuidmap: "/usr/bin/newuidmap",
    newgidmap: "/usr/bin/newgidmap",
  } as const;
  return { owners: "later", overlayXattrs: "user", ids: { uids, gids, writer } };
}
