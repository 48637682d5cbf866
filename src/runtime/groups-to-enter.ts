import { existsSync, readFileSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import type { ExecRequest } from "./plan-exec.ts";

/**
 * The groups a program enters: of v1 the container's own, of v2 the one its first process is in now, since a
 * container that made groups below its own can have no process in that any more (cgroups(7)).
 *
 * @param asked groups below the container's: `PATH` in all hierarchies or `CONTROLLER:PATH`
 * @param pid of the container's first process
 * @throws HuskError "invalid" or "not-found" for what was asked
 */
export function groupsToEnter(
  groups: readonly string[],
  asked: readonly string[],
  pid: number,
): ExecRequest["cgroups"] {
  const v1: string[] = [];
  let v2: string | undefined;
  for (const path of groups) {
    if (existsSync(`${path}/tasks`)) v1.push(below(path, asked));
    else v2 = asked.length > 0 ? below(path, asked) : groupNow(path, pid);
  }
  return { v1, v2 };
}

function below(path: string, asked: readonly string[]): string {
  for (const entry of asked) {
    const colon = entry.indexOf(":");
    const controllers = colon < 0 ? [] : entry.slice(0, colon).split(",");
    const name = entry.slice(colon + 1).replace(/^\/+/, "");
    if (name.split("/").includes("..")) throw new HuskError("invalid", `${entry} is not a sub cgroup path`);
    const applies =
      colon < 0 ||
      controllers.some((controller) => path.split("/").some((part) => part.split(",").includes(controller)));
    if (!applies) continue;
    const group = name === "" ? path : `${path}/${name}`;
    if (!existsSync(`${group}/cgroup.procs`))
      throw new HuskError("not-found", `the control group ${group} does not exist`, {
        hint: "exec --cgroup enters groups that are there",
      });
    return group;
  }
  return path;
}

/** Where in and below `own` the container's first process is. */
function groupNow(own: string, pid: number): string {
  try {
    const text = `\n${readFileSync(`/proc/${pid}/cgroup`, "latin1")}`;
    const line = text.indexOf("\n0::");
    const path = line < 0 ? "" : text.slice(line + 4, text.indexOf("\n", line + 4));
    // The name counts from the top; the container's group is a part of it.
    const at = path.length > 1 ? own.indexOf(path) : -1;
    if (at >= 0) return own;
    for (let top = own; top !== ""; top = top.slice(0, top.lastIndexOf("/")))
      if (existsSync(`${top}${path}/cgroup.procs`) && `${top}${path}`.startsWith(`${own}/`))
        return `${top}${path}`;
  } catch {
    // It has ended: entering its namespaces will tell.
  }
  return own;
}
