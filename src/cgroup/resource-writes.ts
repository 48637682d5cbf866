import { HuskError } from "../platform/error.ts";
import { blockIOWrites } from "./block-io.ts";
import { cpuWrites } from "./cpu.ts";
import type { Layout } from "./layout.ts";
import { memoryWrites } from "./memory.ts";
import { rareWrites } from "./rare-limits.ts";
import { need, type ResourceWrite } from "./resource-write.ts";
import type { LinuxResources } from "./resources.ts";

/**
 * Turns limits into writes, in the order in which a fresh group accepts them.
 *
 * v1 files are described in the kernel's admin-guide/cgroup-v1, v2 files in cgroup-v2.rst.
 * Device rules are not among them ({@link deviceWrites}).
 *
 * @throws HuskError "unavailable" if this machine has no such controller, or its version cannot do it
 */
export function resourceWrites(resources: LinuxResources, layout: Layout): ResourceWrite[] {
  const writes: ResourceWrite[] = [];
  if (resources.memory !== undefined) memoryWrites(writes, resources.memory, layout);
  if (resources.cpu !== undefined) cpuWrites(writes, resources.cpu, layout);
  const pids = resources.pids?.limit;
  if (pids !== undefined && pids !== 0) {
    const object = pids < 0 ? "any number of processes" : `at most ${pids} processes`;
    const hierarchy = need(layout, "pids", object);
    const value = pids < 0 ? "max" : `${pids}`;
    writes.push({
      hierarchy,
      controller: "pids",
      file: "pids.max",
      value,
      object,
      why: "fork fails beyond that: a fork bomb harms only the container",
    });
  }
  if (resources.blockIO !== undefined) blockIOWrites(writes, resources.blockIO, layout);
  rareWrites(writes, resources, layout);
  if (resources.unified !== undefined) unifiedWrites(writes, resources.unified, layout);
  return writes;
}

/** Files of v2 as they are; several lines are several writes, since the kernel takes one at a time. */
function unifiedWrites(
  writes: ResourceWrite[],
  unified: Readonly<Record<string, string>>,
  layout: Layout,
): void {
  for (const file in unified) {
    const controller = file.slice(0, file.indexOf("."));
    const asked = `unified "${file}"`;
    if (controller === "cgroup" && !file.startsWith("cgroup.max."))
      throw new HuskError("invalid", `${asked}: this file moves or stops processes, it is no limit`);
    const hierarchy =
      controller === "cgroup"
        ? layout.hierarchies.find((hierarchy) => hierarchy.version === 2)
        : need(layout, controller, asked);
    if (hierarchy?.version !== 2)
      throw new HuskError(
        "unavailable",
        `${asked}: on this machine the ${controller} controller is cgroup v1`,
        {
          hint: `use the field of linux.resources for it instead`,
        },
      );
    for (const value of (unified[file] as string).split("\n")) {
      if (value === "") continue;
      writes.push({
        hierarchy,
        controller,
        file,
        value,
        object: `${file} = ${value}`,
        why: "asked for by its name in cgroup v2",
      });
    }
  }
}
