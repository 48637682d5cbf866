import { type Call, type List, Memory, quote } from "../plan/index.ts";
import { copyCpuset, type CpusetFill, fillCpuset } from "./cpuset-v1.ts";
import type { HandDown } from "./controllers-v2.ts";
import { AT_FDCWD, O_CLOEXEC, O_PATH, O_WRONLY } from "./flags.ts";
import type { Group } from "./group.ts";
import { echoInto } from "./shell.ts";

/** Another husk may remove a parent between its making and the making of what goes into it. */
const ATTEMPTS = 3;

/** What the container's process and the cleanup need of the groups. */
export interface MadeGroups {
  /** Negative until the first group is the container's own: before that nothing may be removed. */
  readonly mine: Memory;
  /** Open `tasks` files of v1, in the order of the groups. */
  readonly tasks: readonly { readonly group: Group; readonly fd: Call }[];
  /** The v2 group's folder, for CLONE_INTO_CGROUP. */
  readonly folder: Call | undefined;
}

/**
 * Steps that make the container's groups.
 *
 * @param adopt take over a group that exists and is empty, as an OCI configuration may ask for;
 *   otherwise an existing group is an error (EEXIST)
 */
export function makeGroups(
  keeper: List,
  groups: readonly Group[],
  { adopt, handDown, fill }: { adopt: boolean; handDown: HandDown | undefined; fill: CpusetFill | undefined },
): MadeGroups {
  const mine = new Memory(4);
  if (groups[0]?.given !== true) mine.bytes.fill(255);
  const tasks: { group: Group; fd: Call }[] = [];
  let folder: Call | undefined;
  keeper.step("own control groups", "the kernel counts and limits all processes of a group together", () => {
    const parents = new Set(groups.flatMap(({ removable }) => removable));
    const lines = [...parents].map((path) => `mkdir -p ${quote(path)}`);
    const own = groups.filter(({ given }) => given !== true);
    return [...lines, ...own.map(({ path }) => `mkdir ${quote(path)}`)].join("\n");
  });
  for (let i = 0; i < groups.length; i++)
    if ((groups[i] as Group).given !== true)
      makeGroup(keeper, groups[i] as Group, i === 0 ? mine : undefined, adopt, 1);
  for (const group of groups) {
    if (group.hierarchy.version === 2)
      folder = keeper.call("openat", AT_FDCWD, group.path, O_PATH | O_CLOEXEC, 0);
    else {
      const fd = keeper.call("openat", AT_FDCWD, `${group.path}/tasks`, O_WRONLY | O_CLOEXEC, 0);
      tasks.push({ group, fd });
    }
  }
  const unified = groups[0];
  if (handDown !== undefined && unified !== undefined) handDownSteps(keeper, unified, handDown);
  if (fill !== undefined) fillCpuset(keeper, fill);
  return { mine, tasks, folder };
}

function makeGroup(
  keeper: List,
  group: Group,
  mine: Memory | undefined,
  adopt: boolean,
  attempt: number,
): void {
  const { path, parents, hierarchy } = group;
  const isCpuset = hierarchy.version === 1 && hierarchy.controllers.includes("cpuset");
  const again = parents.length > 0 && attempt < ATTEMPTS;
  const make = keeper.call("mkdirat", AT_FDCWD, path, 0o755).about(path);
  if (mine !== undefined) keeper.store(make, mine, 0);
  if (again && adopt) make.accept("ENOENT", "EEXIST");
  else if (again) make.accept("ENOENT");
  else if (adopt) make.accept("EEXIST");
  else return;
  keeper.when(make, "failed", () => {
    if (again) {
      let above = group.base;
      for (const parent of parents) {
        const made = keeper.call("mkdirat", AT_FDCWD, parent, 0o755).accept("EEXIST");
        if (isCpuset) keeper.when(made, "succeeded", () => copyCpuset(keeper, above, [parent]));
        above = parent;
      }
      makeGroup(keeper, group, mine, adopt, attempt + 1);
      return;
    }
    const procs = keeper.call("openat", AT_FDCWD, `${path}/cgroup.procs`, O_CLOEXEC, 0);
    const empty = keeper.call("read", procs, new Memory(8), 8).expect(0);
    empty.about(`control group "${path}", which exists and holds processes already`);
    if (mine !== undefined) keeper.store(empty, mine, 0);
  });
}

function handDownSteps(keeper: List, group: Group, { line, missing }: HandDown): void {
  const givers: [string, string][] = [];
  if (missing !== "") givers.push([group.base, missing]);
  if (line !== "") for (const parent of group.parents) givers.push([parent, line]);
  if (givers.length === 0) return;
  keeper.step("hand controllers down", "a v2 group has the controllers the group above hands to it", () =>
    givers.map(([path, names]) => echoInto(names, `${path}/cgroup.subtree_control`)).join("\n"),
  );
  for (const [path, names] of givers) {
    const about = `controllers ${names} of "${path}" (a group that holds processes itself cannot hand them down)`;
    writeFile(keeper, `${path}/cgroup.subtree_control`, names, about);
  }
}

/** Opens a file of a group and writes a value into it. */
export function writeFile(keeper: List, file: string, value: string, about: string): Call {
  const fd = keeper.call("openat", AT_FDCWD, file, O_WRONLY | O_CLOEXEC, 0).about(about);
  keeper.call("write", fd, value, value.length).expect(value.length).about(about);
  return fd;
}
