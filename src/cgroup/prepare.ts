import { existsSync, readFileSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import type { Call, List, Memory } from "../plan/index.ts";
import { type CgroupMount, cgroupMounts } from "./cgroup-mounts.ts";
import { checkResources } from "./check-resources.ts";
import { removeGroupsSteps } from "./cleanup.ts";
import { holdsProcesses } from "./remove-groups.ts";
import { type HandDown, handDown } from "./controllers-v2.ts";
import { cpusetFill } from "./cpuset-v1.ts";
import { delegateSteps } from "./delegate.ts";
import { compileDeviceFilter } from "./device-filter.ts";
import { deviceProgramSteps } from "./device-program.ts";
import { allowsEverything, deviceWrites } from "./device-rules.ts";
import { type Freezer, freezerOf } from "./freezer.ts";
import {
  chooseGroups,
  foldersOf,
  givenGroups,
  type Group,
  type GroupFolders,
  groupIn,
  groupWith,
  type Maker,
} from "./group.ts";
import { type GroupName, groupPath } from "./group-path.ts";
import type { Layout } from "./layout.ts";
import { deviceSteps, limitSteps } from "./limit-steps.ts";
import { type MadeGroups, makeGroups } from "./make-groups.ts";
import { resourceWrites } from "./resource-writes.ts";
import type { LinuxResources } from "./resources.ts";
import { echoInto } from "./shell.ts";
import { unavailable } from "./unavailable.ts";

/** What is asked of the control groups of one container. */
export interface CgroupRequest extends GroupName {
  readonly layout: Layout;
  readonly maker: Maker;
  readonly resources: LinuxResources | undefined;
  /** Take over a group that exists and is empty, instead of an error. */
  readonly adopt: boolean;
  /** End what still runs in the group afterwards: true without a pid namespace of the container's own. */
  readonly kill: boolean;
  /** User of the host who gets the group, if cgroup v2 alone is used. */
  readonly owner?: number | undefined;
  /** Group of a systemd scope that was made for the container, below the top of each hierarchy. */
  readonly scope?: string | undefined;
  /** False: do without a device program on v2; a shell, for which a plan may be made, cannot load one. */
  readonly deviceProgram?: boolean;
}

/** The control groups a container will be in. */
export interface Cgroups {
  /** One in each usable hierarchy; none for an ordinary user who asked for no limit. */
  readonly groups: readonly Group[];
  /** What to remember for {@link removeGroups}, in case nobody lives to remove the groups. */
  readonly folders: GroupFolders;
  /** Steps by which the container's process enters its groups; they come first in its list. */
  readonly join: (container: List) => void;
  /** Descriptor of the v2 group for CLONE_INTO_CGROUP: the process is born in it. */
  readonly cloneInto: Call | undefined;
  /** What a mount of type `cgroup` consists of. */
  readonly mounts: (namespace: boolean) => CgroupMount[];
  readonly freezer: Freezer | undefined;
  /**
   * False: device rules were asked for and nothing here enforces them, so making device nodes must be
   * prevented otherwise (no CAP_MKNOD, `nodev`).
   */
  readonly enforcesDevices: boolean;
  /** A v2 group whose processes have to be moved ({@link evacuate}) before the plan is performed. */
  readonly evacuate: string | undefined;
  readonly warnings: readonly string[];
}

/**
 * Adds to the plan what makes, limits and removes a container's control groups.
 *
 * @param exports the plan's exports; gets what {@link outOfMemoryKills} and {@link groupsLeft} read
 * @throws HuskError "invalid" for a value out of range, "unavailable" if the machine has no such
 *   controller, "denied" if it is not delegated to this user
 */
export function prepareCgroups(
  keeper: List,
  cleanup: List,
  exports: Map<string, Memory>,
  request: CgroupRequest,
): Cgroups {
  const { layout, maker, resources = {} } = request;
  const warnings = checkResources(resources);
  const writes = resourceWrites(resources, layout);
  const asked: string[] = [];
  for (const { hierarchy, controller } of writes) if (hierarchy.version === 2) asked.push(controller);
  const groups = groupsFor(request, writes.length > 0, asked);
  for (const { hierarchy, controller, object } of writes) {
    const group = groupIn(groups, hierarchy);
    if (group === undefined || (group.given && !hasController(group, controller)))
      throw unavailable(layout, controller, object, maker);
  }
  refuseInhabited(groups, request.adopt);
  const rules = resources.devices ?? [];
  const devices = maker.rootless ? undefined : groupWith(groups, "devices");
  let hasProgram = false;
  let made: MadeGroups | undefined;
  let evacuate: string | undefined;
  if (groups.length > 0) {
    const inner = v2Controllers(groups, asked);
    evacuate = inner.evacuate;
    const cpuset = groupWith(groups, "cpuset");
    const fill = cpuset?.hierarchy.version === 1 ? cpusetFill(cpuset) : undefined;
    made = makeGroups(keeper, groups, { adopt: request.adopt, handDown: inner.handDown, fill });
    if (devices !== undefined) deviceSteps(keeper, devices, deviceWrites(rules));
    else if (!maker.rootless && request.deviceProgram !== false && made.folder !== undefined) {
      const program = compileDeviceFilter(rules);
      hasProgram = program !== undefined;
      if (program !== undefined) deviceProgramSteps(keeper, made.folder, program);
    }
    limitSteps(keeper, groups, writes);
    const { owner } = request;
    const mayChown = !maker.rootless || owner === maker.uid;
    if (owner !== undefined && mayChown && groups.length === 1 && made.folder !== undefined)
      delegateSteps(keeper, groups[0] as Group, made.folder, owner);
    removeGroupsSteps(cleanup, groups, { mine: made.mine, kill: request.kill, exports });
  }
  return {
    groups,
    folders: foldersOf(groups),
    join: (container) => joinSteps(container, groups, made),
    cloneInto: made?.folder,
    mounts: (namespace) => cgroupMounts(groups, namespace),
    freezer: freezerOf(groups),
    enforcesDevices: devices !== undefined || hasProgram || allowsEverything(rules),
    evacuate,
    warnings,
  };
}

function groupsFor(request: CgroupRequest, limited: boolean, asked: readonly string[]): Group[] {
  const { layout, maker, scope } = request;
  if (scope !== undefined) return givenGroups(layout, scope, maker);
  return maker.rootless && !limited ? [] : chooseGroups(layout, groupPath(request), maker, asked);
}

/** What a v2 group of systemd's was not handed, nobody but systemd can hand it. */
function hasController({ hierarchy, path }: Group, controller: string): boolean {
  if (hierarchy.version === 1 || controller === "cgroup") return true;
  return ` ${readFileSync(`${path}/cgroup.controllers`, "latin1").trim()} `.includes(` ${controller} `);
}

/**
 * Whoever deletes a container, or clears up behind a killed husk, ends all that runs in the groups its record names.
 * So a group that is somebody else's never gets into a record: a configuration could name that of a service, or one
 * that holds all of them.
 */
function refuseInhabited(groups: readonly Group[], adopt: boolean): void {
  for (const { path, given } of groups) {
    if (given || !existsSync(path) || (adopt && !holdsProcesses(path))) continue;
    const what = adopt ? "exists and holds processes already" : "exists already, and may be somebody else's";
    throw new HuskError("conflict", `control group "${path}" ${what}`, {
      hint: `choose another id or cgroupsPath; if nothing runs in it: rmdir ${path}`,
    });
  }
}

/** Controllers for the v2 group; without limits in v2 nobody is moved for their sake. */
function v2Controllers(
  groups: readonly Group[],
  asked: readonly string[],
): { handDown: HandDown | undefined; evacuate: string | undefined } {
  const unified = groups[0];
  if (unified?.hierarchy.version !== 2 || unified.given) return { handDown: undefined, evacuate: undefined };
  const down = handDown(unified, asked);
  if (!down.occupied) return { handDown: down, evacuate: undefined };
  if (asked.length === 0) return { handDown: undefined, evacuate: undefined };
  return { handDown: down, evacuate: unified.base };
}

/**
 * v1: a process without threads writes itself into `tasks`, which takes microseconds where
 * `cgroup.procs` takes milliseconds. v2: it was born in its group.
 */
function joinSteps(container: List, groups: readonly Group[], made: MadeGroups | undefined): void {
  if (made === undefined) return;
  container.step("enter the control groups", "limits hold before the program's first instruction", () =>
    groups
      .map(({ path, hierarchy }) =>
        echoInto("0", `${path}/${hierarchy.version === 1 ? "tasks" : "cgroup.procs"}`),
      )
      .join("\n"),
  );
  for (const { group, fd } of made.tasks) container.call("write", fd, "0", 1).expect(1).about(group.path);
}
