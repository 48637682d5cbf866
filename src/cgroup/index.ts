export { type CgroupMount, cgroupMounts } from "./cgroup-mounts.ts";
export { checkResources } from "./check-resources.ts";
export { groupsLeft, outOfMemoryKills } from "./outcome.ts";
export { evacuate } from "./controllers-v2.ts";
export { type Machine, readMachine } from "./cpu-list.ts";
export { type CgroupFacts, type ControllerFacts, describeCgroups } from "./describe.ts";
export { compileDeviceFilter } from "./device-filter.ts";
export { replaceDeviceProgramSteps } from "./device-program.ts";
export { allowsEverything, deviceWrites } from "./device-rules.ts";
export type { Freezer } from "./freezer.ts";
export type { Group, GroupFolders, Maker } from "./group.ts";
export { type GroupName, groupPath } from "./group-path.ts";
export { lacksDelegation } from "./lacks-delegation.ts";
export { type Hierarchy, type Layout, readLayout } from "./layout.ts";
export { type CgroupRequest, type Cgroups, prepareCgroups } from "./prepare.ts";
export { removeGroups } from "./remove-groups.ts";
export type { ResourceWrite } from "./resource-write.ts";
export { resourceWrites } from "./resource-writes.ts";
export type {
  LinuxBlockIO,
  LinuxCPU,
  LinuxDeviceCgroup,
  LinuxMemory,
  LinuxPids,
  LinuxResources,
  LinuxThrottleDevice,
  LinuxWeightDevice,
} from "./resources.ts";
export { checkRunLimits, type RunLimits, resourcesOf } from "./run-limits.ts";
export { hasSwapAccounting } from "./swap.ts";
export { type GroupUsage, type MemoryUsage, type Pressure, readUsage } from "./usage.ts";
