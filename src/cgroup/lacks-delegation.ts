import { baseOf, type Maker } from "./group.ts";
import type { Hierarchy, Layout } from "./layout.ts";
import { resourceWrites } from "./resource-writes.ts";
import type { LinuxResources } from "./resources.ts";

/** Whether limits need groups of v2 that nobody has handed to this ordinary user. */
export function lacksDelegation(layout: Layout, maker: Maker, resources: LinuxResources): boolean {
  if (!maker.rootless) return false;
  const asked = new Map<Hierarchy, string[]>();
  for (const { hierarchy, controller } of resourceWrites(resources, layout)) {
    if (hierarchy.version === 2) asked.set(hierarchy, [...(asked.get(hierarchy) ?? []), controller]);
  }
  for (const [hierarchy, controllers] of asked)
    if (!hierarchy.readOnly && baseOf(hierarchy, maker, controllers) === undefined) return true;
  return false;
}
