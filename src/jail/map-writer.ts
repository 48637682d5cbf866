import type { IdMapWriter, LinuxIdMapping } from "../namespace/index.ts";

/** Who can write these maps: whoever may write any, the caller for the own id alone, or newuidmap(1). */
export function mapWriter(
  caller: { readonly uid: number; readonly gid: number; readonly privileged: boolean },
  uids: readonly LinuxIdMapping[],
  gids: readonly LinuxIdMapping[],
): IdMapWriter {
  if (caller.privileged) return { kind: "privileged" };
  const own = (map: readonly LinuxIdMapping[], id: number): boolean =>
    map.length === 0 || (map.length === 1 && map[0]?.size === 1 && map[0].hostID === id);
  if (own(uids, caller.uid) && own(gids, caller.gid)) return { kind: "single" };
  return { kind: "helpers", newuidmap: "/usr/bin/newuidmap", newgidmap: "/usr/bin/newgidmap" };
}
