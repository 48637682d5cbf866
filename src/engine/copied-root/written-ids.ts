import type { TarEntry } from "../../image/index.ts";
import type { LinuxIdMapping } from "../../namespace/index.ts";
import type { ContainerRecord } from "../container/record.ts";
import { sharedMappings } from "../subids.ts";

/**
 * From the ids that files have which a container wrote to those that it sees; undefined where they are the same. An
 * ordinary user's files are read in a user namespace in which they are.
 */
export function writtenIds({ options }: ContainerRecord): ((entry: TarEntry) => TarEntry) | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  const { uidMap, gidMap, userns } = options;
  const shared = userns === "private" ? sharedMappings() : undefined;
  const uids = uidMap ?? gidMap ?? shared?.uid;
  const gids = gidMap ?? uidMap ?? shared?.gid;
  if (uids === undefined || gids === undefined) return undefined;
  return (entry) => ({ ...entry, uid: inside(entry.uid, uids), gid: inside(entry.gid, gids) });
}

/** What no map has is another's; it stays as it is. */
function inside(id: number, maps: readonly LinuxIdMapping[]): number {
  for (const { containerID, hostID, size } of maps)
    if (id >= hostID && id < hostID + size) return containerID + id - hostID;
  return id;
}
