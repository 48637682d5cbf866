import { HuskError } from "../platform/error.ts";
import { type Hierarchy, hierarchyOf, type Layout } from "./layout.ts";
import { unavailable } from "./unavailable.ts";

/** One value that goes into one file of the container's group. */
export interface ResourceWrite {
  readonly hierarchy: Hierarchy;
  readonly controller: string;
  /** Name of the file in the group. */
  readonly file: string;
  readonly value: string;
  /** What was asked for, in a person's words: `memory limit 64 MiB`. */
  readonly object: string;
  /** What it does, and how the value was reckoned where it differs from what was asked. */
  readonly why: string;
  /** What to write where the kernel has no such file. */
  readonly otherwise?: { readonly file: string; readonly value: string };
}

/** The hierarchy of a controller that somebody asked for. */
export function need(layout: Layout, controller: string, asked: string): Hierarchy {
  const hierarchy = hierarchyOf(layout, controller);
  if (hierarchy === undefined) throw unavailable(layout, controller, asked);
  return hierarchy;
}

/** The error for what only v1 has. */
export function onlyV1(asked: string): HuskError {
  return new HuskError(
    "unavailable",
    `${asked}: cgroup v2, which this machine uses, has nothing of the kind`,
    {
      hint: "leave it out, or boot with systemd.unified_cgroup_hierarchy=0 where the system still offers cgroup v1",
    },
  );
}
