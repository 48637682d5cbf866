import { type LinuxIdMapping, writeIdMaps } from "../namespace/index.ts";
import type { List, Result } from "../plan/index.ts";
import { letPass, openGate, waitAtGate } from "./gate.ts";
import { mapWriter } from "./map-writer.ts";
import type { Caller } from "./plan-unshare.ts";

/** Id maps of a new user namespace. */
export interface ChrootMaps {
  readonly uids: readonly LinuxIdMapping[];
  readonly gids: readonly LinuxIdMapping[];
}

/**
 * The program's first steps in a new user namespace: it waits for its ids, and takes those of root.
 *
 * @returns the keeper's part once the program is born; and whether setgroups(2) is denied in there
 */
export function enterUserNamespace(
  keeper: List,
  program: List,
  { uids, gids }: ChrootMaps,
  caller: Caller,
): { readonly write: (pid: Result) => void; readonly deniesSetgroups: boolean } {
  const gate = openGate(keeper);
  const deniesSetgroups = isOwn(gids, caller.gid) && !caller.privileged;
  waitAtGate(program, gate);
  becomeRoot(program, uids, gids, deniesSetgroups);
  const write = (pid: Result): void => {
    writeIdMaps(keeper, pid, uids, gids, mapWriter(caller, uids, gids), deniesSetgroups);
    letPass(keeper, gate);
  };
  return { write, deniesSetgroups };
}

function isOwn(map: readonly LinuxIdMapping[], id: number): boolean {
  return map.length === 1 && map[0]?.size === 1 && map[0].hostID === id;
}

/** Takes the ids that stand for root inside, or the first that are mapped: until execve(2) all rights are there. */
function becomeRoot(
  list: List,
  uids: readonly LinuxIdMapping[],
  gids: readonly LinuxIdMapping[],
  setgroupsDenied: boolean,
): void {
  const first = (maps: readonly LinuxIdMapping[]): number =>
    maps.some(({ containerID }) => containerID === 0) ? 0 : (maps[0]?.containerID ?? 0);
  const [uid, gid] = [first(uids), first(gids)];
  list.step(
    `user ${uid}:${gid} of the user namespace`,
    "powerful in here, an ordinary user outside",
    () => "# unshare --map-root-user",
  );
  if (!setgroupsDenied) list.call("setgroups", 0, null);
  list.call("setresgid", gid, gid, gid).about(`gid ${gid}`);
  list.call("setresuid", uid, uid, uid).about(`uid ${uid}`);
}
