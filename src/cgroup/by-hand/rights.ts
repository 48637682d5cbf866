import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { type List, quote } from "../../plan/index.ts";
import type { Group } from "../group.ts";

/** Ids as chown(2) takes them: -1 leaves one as it is. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** To whom a group belongs, and who may do what with it (cgcreate(1)). Modes are those of chmod(2). */
export interface GroupRights {
  /** Owner of the folder and of the files that may be handed over. */
  readonly owner?: Owner;
  /** Owner of the files that take processes and threads in. */
  readonly tasksOwner?: Owner;
  readonly folderMode?: number;
  readonly fileMode?: number;
  readonly tasksMode?: number;
}

/** The kernel's list of what a v2 group's user may write: limits stay with who set them (cgroup-v2.rst, "Delegation"). */
const DELEGATE = "/sys/kernel/cgroup/delegate";
const USUAL = "cgroup.procs\ncgroup.threads\ncgroup.subtree_control";

/**
 * Steps that hand groups over. In v1 the owner gets every file but `tasks`; in v2 what the kernel names for it, so that
 * limits hold, and unless someone else is named also `cgroup.procs` and `cgroup.threads`.
 *
 * @returns does it, behind the plan: which files a group has is known when it is made. Undefined: nothing was asked for
 */
export function handOver(
  list: List,
  places: readonly Group[],
  rights: GroupRights,
): (() => void) | undefined {
  const { owner, tasksOwner, folderMode, fileMode, tasksMode } = rights;
  const hasModes = folderMode !== undefined || fileMode !== undefined || tasksMode !== undefined;
  if (owner === undefined && tasksOwner === undefined && !hasModes) return undefined;
  for (const place of places) {
    list.step(
      `hand ${place.path} over`,
      place.hierarchy.version === 2
        ? "its owner makes groups in it and moves processes; its limits stay with who made it"
        : "its owner makes groups in it, and sets what the files say",
      () => handOverShell(place, rights),
    );
  }
  return () => {
    for (const place of places) handOverNow(place, rights);
  };
}

function handOverNow(
  place: Group,
  { owner, tasksOwner, folderMode, fileMode, tasksMode }: GroupRights,
): void {
  const { path } = place;
  if (owner !== undefined) chown(path, owner);
  if (folderMode !== undefined) chmod(path, folderMode);
  const handed = handedOver(place);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = `${path}/${entry.name}`;
    const takes = takesProcesses(place, entry.name);
    const to = (takes ? tasksOwner : undefined) ?? (handed(entry.name) ? owner : undefined);
    const mode = takes ? tasksMode : fileMode;
    if (to !== undefined) chown(file, to);
    if (mode !== undefined) chmod(file, mode & everyoneAsOwner(statSync(file).mode));
  }
}

function takesProcesses({ hierarchy }: Group, name: string): boolean {
  return hierarchy.version === 1 ? name === "tasks" : name === "cgroup.procs" || name === "cgroup.threads";
}

/** Whether a file is the owner's. */
function handedOver({ hierarchy }: Group): (name: string) => boolean {
  if (hierarchy.version === 1) return (name) => name !== "tasks";
  const names = (existsSync(DELEGATE) ? readFileSync(DELEGATE, "utf8") : USUAL).trim().split("\n");
  return (name) => names.includes(name);
}

/** What the kernel lets nobody do with a file, its mode shall not promise. */
function everyoneAsOwner(mode: number): number {
  const own = (mode >> 6) & 7;
  return own | (own << 3) | (own << 6);
}

function chown(path: string, { uid, gid }: Owner): void {
  attempt(`give ${path} to ${ownerText({ uid, gid })}`, () => chownSync(path, uid, gid));
}

function chmod(path: string, mode: number): void {
  attempt(`set the mode of ${path} to ${mode.toString(8)}`, () => chmodSync(path, mode));
}

function attempt(what: string, call: () => void): void {
  try {
    call();
  } catch (cause) {
    throw new HuskError("denied", `cannot ${what}: ${(cause as Error).message}`, {
      cause,
      hint: "only root gives files away; the group is made",
    });
  }
}

/** As chown(1) has it. */
function ownerText({ uid, gid }: Owner): string {
  return `${uid < 0 ? "" : uid}${gid < 0 ? "" : `:${gid}`}`;
}

function handOverShell(
  place: Group,
  { owner, tasksOwner, folderMode, fileMode, tasksMode }: GroupRights,
): string {
  const path = quote(place.path);
  const isV1 = place.hierarchy.version === 1;
  const tasks = isV1 ? "-name tasks" : "'(' -name cgroup.procs -o -name cgroup.threads ')'";
  const find = (which: string, what: string): string =>
    `find ${path} -maxdepth 1 -type f ${which} -exec ${what} {} +`;
  const lines: string[] = [];
  if (owner !== undefined) {
    lines.push(`chown ${ownerText(owner)} ${path}`);
    lines.push(
      isV1
        ? find(`! ${tasks}`, `chown ${ownerText(owner)}`)
        : `for file in $(cat ${DELEGATE}); do [ ! -e ${path}/$file ] || chown ${ownerText(owner)} ${path}/$file; done`,
    );
  }
  if (tasksOwner !== undefined) lines.push(find(tasks, `chown ${ownerText(tasksOwner)}`));
  if (folderMode !== undefined) lines.push(`chmod ${folderMode.toString(8)} ${path}`);
  for (const [which, mode] of [
    [`! ${tasks}`, fileMode],
    [tasks, tasksMode],
  ] as const) {
    if (mode === undefined) continue;
    for (const present of [0o600, 0o400, 0o200]) {
      const perm = `-perm -${present.toString(8)} ! -perm -${(0o600 & ~present).toString(8)}`;
      const only = present === 0o600 ? "-perm -600" : perm;
      lines.push(find(`${which} ${only}`, `chmod ${(mode & everyoneAsOwner(present)).toString(8)}`));
    }
  }
  return lines.join("\n");
}
