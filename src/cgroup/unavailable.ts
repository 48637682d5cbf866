import { existsSync, readFileSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import type { Maker } from "./group.ts";
import { type Hierarchy, hierarchyOf, type Layout } from "./layout.ts";

/** Names the kernel has for a controller in v1 and in v2, where they differ. */
const v1Names: Readonly<Record<string, string>> = { io: "blkio" };

/**
 * The error for a limit whose controller cannot be used here, with the command that mends it.
 *
 * @param asked what was asked for, in a person's words: `memory limit 64 MiB`
 */
export function unavailable(layout: Layout, controller: string, asked: string, maker?: Maker): HuskError {
  const hierarchy = hierarchyOf(layout, controller) ?? hierarchyOf(layout, v1Names[controller] ?? controller);
  if (hierarchy === undefined) return missing(layout, controller, asked);
  if (hierarchy.readOnly)
    return new HuskError("unavailable", `${asked}: ${hierarchy.mount} is mounted read-only`, {
      hint: `mount -o remount,rw ${hierarchy.mount} (or start the container husk runs in with writable control groups)`,
    });
  const uid = maker?.uid ?? 0;
  return new HuskError("denied", `${asked}: no ${controller} control group is delegated to user ${uid}`, {
    hint: hierarchy.version === 2 ? delegateV2(hierarchy, controller, uid) : delegateV1(hierarchy, uid),
  });
}

function delegateV2(hierarchy: Hierarchy, controller: string, uid: number): string {
  if (!existsSync("/run/systemd/system")) {
    const { mount } = hierarchy;
    const group = `${mount}/user-${uid}`;
    return `as root: echo +${controller} > ${mount}/cgroup.subtree_control; mkdir -p ${group}/shell; chown -R ${uid} ${group}; echo PID_OF_YOUR_SHELL > ${group}/shell/cgroup.procs`;
  }
  // What a user's own systemd hands on is said in its unit: usually memory and pids, often cpu.
  if (controller === "cpuset" || controller === "io")
    return String.raw`as root: mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\nDelegate=cpu cpuset io memory pids\n' > /etc/systemd/system/user@.service.d/delegate.conf && systemctl daemon-reload, then log in again and: systemd-run --user --scope -p Delegate=yes husk run …`;
  return "systemd-run --user --scope -p Delegate=yes husk run …";
}

function delegateV1(hierarchy: Hierarchy, uid: number): string {
  const folder = `${hierarchy.mount}/husk-${uid}`;
  const fill = hierarchy.controllers.includes("cpuset")
    ? ` && for f in cpus mems; do cat ${hierarchy.mount}/cpuset.$f > ${folder}/cpuset.$f; done`
    : "";
  return `as root: mkdir -p ${folder}${fill} && chown -R ${uid} ${folder}`;
}

/** No mounted hierarchy has the controller: the kernel lacks it, it is switched off, or not mounted. */
function missing(layout: Layout, controller: string, asked: string): HuskError {
  const name = v1Names[controller] ?? controller;
  const line = readFileSync("/proc/cgroups", "utf8")
    .split("\n")
    .find((line) => line.startsWith(`${name}\t`));
  const [, id, , enabled] = line?.split("\t") ?? [];
  const unified = layout.hierarchies.find((hierarchy) => hierarchy.version === 2);
  let hint = `this kernel is built without it (CONFIG_${configName[name] ?? `CGROUP_${name.toUpperCase()}`})`;
  if (enabled === "0") hint = `boot with the kernel parameter cgroup_enable=${name}`;
  else if (line !== undefined && unified !== undefined && layout.hierarchies.length === 1)
    hint = `the group husk runs in was not handed the controller: echo +${controller} > cgroup.subtree_control in the groups above ${unified.mount}${unified.own ?? ""}`;
  else if (line !== undefined && id === "0")
    hint = `mkdir -p /sys/fs/cgroup/${name} && mount -t cgroup -o ${name} cgroup /sys/fs/cgroup/${name}`;
  return new HuskError(
    "unavailable",
    `${asked}: the ${controller} controller is not available on this machine`,
    { hint },
  );
}

const configName: Readonly<Record<string, string>> = {
  memory: "MEMCG",
  cpu: "CGROUP_SCHED",
  cpuset: "CPUSETS",
  blkio: "BLK_CGROUP",
};
