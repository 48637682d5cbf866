import { existsSync, readFileSync } from "node:fs";
import type { LinuxIdMapping } from "../namespace/index.ts";
import { HuskError } from "../platform/error.ts";
import { findAccount, parseId } from "./user.ts";

/** A line of /etc/subuid or /etc/subgid: ids somebody may map into user namespaces. */
export interface SubIdRange {
  readonly first: number;
  readonly count: number;
}

/**
 * The ranges that subuid(5) gives an account, named there by login name or by uid.
 *
 * @param content text of /etc/subuid or /etc/subgid
 */
export function subIdRanges(content: string, name: string | undefined, uid: number): SubIdRange[] {
  const ranges: SubIdRange[] = [];
  for (const line of content.split("\n")) {
    const [owner, first, count] = line.split(":");
    if (owner !== name && owner !== String(uid)) continue;
    const start = parseId(first);
    const size = parseId(count);
    if (start !== undefined && size !== undefined && size > 0) ranges.push({ first: start, count: size });
  }
  return ranges;
}

/** Maps container ids 0, 1, 2 … to `own` (if given) and then to the ranges, in order. */
export function consecutiveMappings(
  own: number | undefined,
  ranges: readonly SubIdRange[],
): LinuxIdMapping[] {
  const mappings: LinuxIdMapping[] = [];
  let next = 0;
  if (own !== undefined) {
    mappings.push({ containerID: 0, hostID: own, size: 1 });
    next = 1;
  }
  for (const { first, count } of ranges) {
    mappings.push({ containerID: next, hostID: first, size: count });
    next += count;
  }
  return mappings;
}

/** Id maps of a container's user namespace. */
export interface IdMappings {
  readonly uid: LinuxIdMapping[];
  readonly gid: LinuxIdMapping[];
}

/**
 * The id maps an ordinary user can have: themselves as root plus the ranges of /etc/subuid and
 * /etc/subgid, which newuidmap(1) and newgidmap(1) write; themselves alone where one is missing.
 */
export function ownMappings(uid: number, gid: number, hasHelpers: boolean): IdMappings {
  const name = hasHelpers ? findAccount(read("/etc/passwd"), uid)?.name : undefined;
  const uids = hasHelpers ? subIdRanges(read("/etc/subuid"), name, uid) : [];
  const gids = hasHelpers ? subIdRanges(read("/etc/subgid"), name, uid) : [];
  const both = uids.length > 0 && gids.length > 0;
  return {
    uid: consecutiveMappings(uid, both ? uids : []),
    gid: consecutiveMappings(gid, both ? gids : []),
  };
}

/** newuidmap(1) and newgidmap(1), which come with the package uidmap. */
export function hasMapHelpers(): boolean {
  return existsSync("/usr/bin/newuidmap") && existsSync("/usr/bin/newgidmap");
}

/** Names under which an administrator sets ranges aside for root's containers. */
const sharedNames = ["husk", "containers", "root"];

/** The id maps that root's containers get when none are given; undefined: no range is set aside. */
export function sharedMappings(): IdMappings | undefined {
  const subuid = read("/etc/subuid");
  const subgid = read("/etc/subgid");
  for (const name of sharedNames) {
    const uid = subIdRanges(subuid, name, -1);
    const gid = subIdRanges(subgid, name, -1);
    if (uid.length > 0 && gid.length > 0) {
      return { uid: consecutiveMappings(undefined, uid), gid: consecutiveMappings(undefined, gid) };
    }
  }
  return undefined;
}

/**
 * Checks that an ordinary user may have these maps: the own id, and ids that /etc/subuid and /etc/subgid give.
 *
 * @throws HuskError "denied" for a map that newuidmap(1) or newgidmap(1) would refuse
 */
export function checkOwnMappings({ uid: uids, gid: gids }: IdMappings, uid: number, gid: number): void {
  const name = findAccount(read("/etc/passwd"), uid)?.name;
  for (const [maps, own, file] of [
    [uids, uid, "/etc/subuid"],
    [gids, gid, "/etc/subgid"],
  ] as const) {
    const ranges = subIdRanges(read(file), name, uid);
    for (const { hostID, size } of maps) {
      if (hostID === own && size === 1) continue;
      if (ranges.some(({ first, count }) => hostID >= first && hostID + size <= first + count)) continue;
      const last = hostID + size - 1;
      const option = file === "/etc/subuid" ? "--add-subuids" : "--add-subgids";
      throw new HuskError("denied", `${file} does not give the ids ${hostID} to ${last} to ${name ?? uid}`, {
        hint: `as root: usermod ${option} ${hostID}-${last} ${name ?? uid}; without a range only ${own} itself can be mapped`,
      });
    }
  }
}

/** Whether a mapping has a place for a container's id. */
export function isMapped(mappings: readonly LinuxIdMapping[], id: number): boolean {
  return mappings.some(({ containerID, size }) => id >= containerID && id < containerID + size);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
