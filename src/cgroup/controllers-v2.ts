import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import type { Group } from "./group.ts";

/** Controllers every group gets for the sake of statistics; `cpuset` only if it is asked for. */
const wanted = "cpu io memory pids";

/** How controllers reach a v2 group: each group above hands them down by name. */
export interface HandDown {
  /** What every group above writes: `+cpu +memory`; empty if there is nothing to hand down. */
  readonly line: string;
  /** Controllers the topmost group does not hand down yet: what it has to write; empty if none. */
  readonly missing: string;
  /** The topmost group holds processes itself and must be emptied first ({@link evacuate}). */
  readonly occupied: boolean;
}

/**
 * Finds out which controllers to hand down from `group.base` to a v2 group
 * (cgroup-v2.rst, "Enabling and Disabling" and "No Internal Process Constraint").
 *
 * The top of the machine may hold processes and hand controllers down; every other group, such as
 * the one a container or a delegated session starts in, may do one of both.
 *
 * @param asked controllers that limits need besides those every container gets
 */
export function handDown(group: Group, asked: readonly string[]): HandDown {
  const { base, hierarchy } = group;
  const available = base === hierarchy.mount ? hierarchy.controllers : words(`${base}/cgroup.controllers`);
  const names: string[] = [];
  for (const name of available)
    if (` ${wanted} `.includes(` ${name} `) || asked.includes(name)) names.push(name);
  if (names.length === 0) return { line: "", missing: "", occupied: false };
  const enabled = words(`${base}/cgroup.subtree_control`);
  const lacking: string[] = [];
  for (const name of names) if (!enabled.includes(name)) lacking.push(name);
  const missing = plus(lacking);
  const occupied =
    missing !== "" &&
    existsSync(`${base}/cgroup.type`) &&
    readFileSync(`${base}/cgroup.procs`, "utf8") !== "";
  return { line: plus(names), missing, occupied };
}

function plus(names: readonly string[]): string {
  return names.length === 0 ? "" : `+${names.join(" +")}`;
}

function words(file: string): string[] {
  const text = readFileSync(file, "utf8").trim();
  return text === "" ? [] : text.split(" ");
}

/**
 * Moves every process of a v2 group into its sub-group `init`, so that the group can hand its
 * controllers down. Done at the top of a container or of a delegated session only.
 *
 * @throws HuskError "failed" if new processes appear faster than they can be moved, or may not be moved
 */
export function evacuate(group: string): void {
  const init = `${group}/init`;
  try {
    mkdirSync(init, { recursive: true });
    for (let turn = 0; turn < 100; turn++) {
      const pids = readFileSync(`${group}/cgroup.procs`, "utf8").trim();
      if (pids === "") return;
      const list = pids.split("\n");
      // 0 is a process outside our pid namespace; written back it would mean ourselves.
      if (list.includes("0")) break;
      for (const pid of list) move(pid, init);
    }
  } catch (cause) {
    throw cannot(group, cause);
  }
  throw cannot(group, undefined);
}

function move(pid: string, to: string): void {
  try {
    writeFileSync(`${to}/cgroup.procs`, pid);
  } catch (error) {
    // The process has ended meanwhile, or ends just now.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function cannot(group: string, cause: unknown): HuskError {
  return new HuskError(
    "failed",
    `control group "${group}": its processes cannot be moved to "${group}/init"`,
    {
      hint: "limits need a group without processes of its own; move them by hand, or start husk in a group of its own",
      cause,
    },
  );
}
