import { readFileSync } from "node:fs";

/** What the user namespace that husk itself runs in denies to everybody in it (user_namespaces(7)). */
export interface OwnUserNamespace {
  hasGid(gid: number): boolean;
  /** Nobody may change the supplementary groups. */
  readonly setgroupsDenied: boolean;
}

/** Reads it from /proc/self; worth it only in a user namespace below the machine's first one. */
export function readOwnUserNamespace(): OwnUserNamespace {
  const lines = readFileSync("/proc/self/gid_map", "latin1").trim().split("\n");
  const ranges = lines.map((line) => line.trim().split(/\s+/).map(Number));
  return {
    hasGid: (gid) => ranges.some(([first = 0, , size = 0]) => gid >= first && gid < first + size),
    setgroupsDenied: readFileSync("/proc/self/setgroups", "latin1").startsWith("deny"),
  };
}
