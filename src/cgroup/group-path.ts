import { HuskError } from "../platform/error.ts";

/** What a container's control group is named after. */
export interface GroupName {
  readonly id: string;
  /** `linux.cgroupsPath` of the OCI configuration. */
  readonly cgroupsPath?: string | undefined;
  /** `--cgroup-parent`, a path below the top of each hierarchy. */
  readonly parent?: string | undefined;
}

/**
 * Path of a container's group below the top of each hierarchy.
 *
 * A `cgroupsPath` counts from there, absolute or not; without one it is `PARENT/ID`; without a
 * parent `/husk-ID`: a group for all containers would cost a fifth of the set-up again, and to be
 * removed behind the last of them it would have to be locked. `.`, `..` and double slashes are
 * resolved by the letter, and nothing leads above the top (as in runc).
 *
 * @throws HuskError "invalid" if the path names the top itself or cannot be a file's name
 */
export function groupPath({ id, cgroupsPath, parent }: GroupName): string {
  if (cgroupsPath) return clean(cgroupsPath, "linux.cgroupsPath", cgroupsPath);
  if (parent) return clean(`${parent}/${id}`, "--cgroup-parent", parent);
  return `/husk-${id}`;
}

function clean(path: string, field: string, given: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  if (parts.length === 0)
    throw new HuskError("invalid", `${field} "${given}": names the top of the control groups, not a group`, {
      hint: "name a group below it, such as /containers/web",
    });
  for (const part of parts) {
    if (part.length > 255 || part.includes("\n") || part.includes("\0"))
      throw new HuskError("invalid", `${field} "${given}": "${part}" cannot be the name of a control group`);
  }
  return `/${parts.join("/")}`;
}

/** The groups above a group, the highest first: `/a/b/c` has `/a` and `/a/b`. */
export function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let at = path.indexOf("/", 1); at > 0; at = path.indexOf("/", at + 1)) parents.push(path.slice(0, at));
  return parents;
}
