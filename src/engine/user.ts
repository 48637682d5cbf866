import type { User } from "../runtime/config.ts";
import { HuskError } from "../platform/error.ts";
import type { UserSpec } from "./run-options.ts";

/** The two files that say who is who, as text; "" when there is none. */
export interface Accounts {
  readonly passwd: string;
  readonly group: string;
}

/** A line of /etc/passwd (passwd(5)). */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** CVE-2024-40635: ids above this wrap to negative ones, and -1 keeps root, in programs in between. */
const highestId = 0x7fffffff;

/** Finds an account by name or uid. A line that is not as passwd(5) has it counts for nothing. */
export function findAccount(passwd: string, who: string | number): Account | undefined {
  for (let at = 0; at < passwd.length; ) {
    const end = lineEnd(passwd, at);
    const line = passwd.slice(at, end);
    at = end + 1;
    if (typeof who === "string" && !line.startsWith(`${who}:`)) continue;
    const fields = line.split(":");
    const name = fields[0] as string;
    const uid = parseId(fields[2]);
    const gid = parseId(fields[3]);
    if (name === "" || (typeof who === "string" && name !== who) || uid === undefined || gid === undefined)
      continue;
    if (typeof who === "number" && uid !== who) continue;
    const home = fields[5] ?? "";
    // A NUL cannot be in an environment; the file may be a stranger's.
    return { name, uid, gid, home: home === "" || home.includes("\0") ? "/" : home };
  }
  return undefined;
}

/** The gid of a group's name (group(5)). */
export function findGroup(group: string, name: string): number | undefined {
  for (let at = 0; at < group.length; ) {
    const end = lineEnd(group, at);
    const fields = group.slice(at, end).split(":");
    at = end + 1;
    const gid = parseId(fields[2]);
    if (fields[0] === name && gid !== undefined) return gid;
  }
  return undefined;
}

/** The gids of the groups that list `name` as a member. */
export function groupsOf(group: string, name: string): number[] {
  const gids: number[] = [];
  // Looks where the name stands instead of reading each line: most accounts are in no list at all.
  for (let at = group.indexOf(name); at >= 0; at = group.indexOf(name, at + 1)) {
    const before = group.charAt(at - 1);
    if (before !== ":" && before !== ",") continue;
    const start = group.lastIndexOf("\n", at) + 1;
    const [, , id, members] = group.slice(start, lineEnd(group, at)).split(":");
    const gid = parseId(id);
    if (gid !== undefined && members?.split(",").includes(name) && !gids.includes(gid)) gids.push(gid);
  }
  return gids;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

/** A decimal id from 0 to 2147483647, or undefined: nothing else ever becomes a user. */
export function parseId(text: string | undefined): number | undefined {
  if (text === undefined || text.length === 0 || text.length > 10) return undefined;
  let id = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    id = id * 10 + digit;
  }
  return id <= highestId ? id : undefined;
}

/** What {@link resolveUser} decides. */
export interface ResolvedUser {
  readonly user: User;
  /** Home directory; "/" for a uid without an account. */
  readonly home: string;
}

/**
 * Decides with which ids the program runs, from the container's own /etc/passwd and /etc/group.
 *
 * As docker: a uid without an account gets gid 0; a group given with the user replaces the groups
 * that list the user; the primary group is among the supplementary ones (CVE-2022-36109).
 *
 * @param spec absent: uid 0
 * @throws HuskError "not-found" for an unknown name, "invalid" for an id out of range
 */
export function resolveUser(
  spec: UserSpec | undefined,
  groupAdd: readonly (string | number)[] | undefined,
  accounts: Accounts,
): ResolvedUser {
  const who = spec?.user ?? 0;
  const account = findAccount(accounts.passwd, who);
  if (account === undefined && typeof who === "string") throw unknown("user", who, "/etc/passwd");
  const uid = account?.uid ?? checkId("user", who as number);

  let gid = account?.gid ?? 0;
  let groups: number[] = [];
  if (spec?.group !== undefined) gid = groupId(spec.group, accounts.group);
  else if (account !== undefined) groups = groupsOf(accounts.group, account.name);

  const all = [gid];
  for (const id of groups) if (!all.includes(id)) all.push(id);
  for (const wanted of groupAdd ?? []) {
    const id = groupId(wanted, accounts.group);
    if (!all.includes(id)) all.push(id);
  }
  return { user: { uid, gid, additionalGids: all }, home: account?.home ?? "/" };
}

function groupId(wanted: string | number, group: string): number {
  if (typeof wanted === "number") return checkId("group", wanted);
  const gid = findGroup(group, wanted);
  if (gid === undefined) throw unknown("group", wanted, "/etc/group");
  return gid;
}

function checkId(what: "user" | "group", id: number): number {
  if (Number.isInteger(id) && id >= 0 && id <= highestId) return id;
  throw new HuskError("invalid", `${what} id ${id}: not from 0 to ${highestId}`);
}

function unknown(what: "user" | "group", name: string, file: string): HuskError {
  const option = what === "user" ? "--user" : "--user or --group-add";
  return new HuskError("not-found", `no ${what} ${JSON.stringify(name)} in the container's ${file}`, {
    hint: `give a name that is there, or a number: ${option} 1000`,
  });
}
