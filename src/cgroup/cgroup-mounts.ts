import type { Group } from "./group.ts";
import type { Hierarchy } from "./layout.ts";

/** One thing to make below the place where a container's `cgroup` mount goes. */
export interface CgroupMount {
  /** Name below the mount's destination; empty for the destination itself. */
  readonly destination: string;
  /** Folder of the host for a bind mount, target of a symbolic link, name otherwise. */
  readonly source: string;
  readonly type: "cgroup" | "cgroup2" | "bind" | "symlink";
  /** Names as mount(8) has them. */
  readonly options: readonly string[];
}

const flags = ["nosuid", "nodev", "noexec"];

/**
 * What a mount of type `cgroup` consists of, besides the options the mount itself asks for.
 *
 * With a cgroup namespace the container mounts the hierarchies itself and sees its own group as
 * their top. Without one it would see the host's whole tree: it gets its own groups by bind mount,
 * read-only whatever was asked, so that it cannot raise its limits or leave (CVE-2023-25809).
 *
 * @param groups those the container is in; other hierarchies are left out
 * @param namespace the container has a cgroup namespace of its own
 * @returns one entry with an empty destination for v2 alone; for v1, and v2 beside it, entries for
 *   folders of a small tmpfs, named as on the host
 */
export function cgroupMounts(groups: readonly Group[], namespace: boolean): CgroupMount[] {
  const only = groups[0];
  if (only !== undefined && groups.length === 1 && only.hierarchy.version === 2)
    return [mountOf(only, "", namespace)];
  const mounts: CgroupMount[] = [];
  for (const group of groups) {
    const { controllers, version } = group.hierarchy;
    const name = version === 2 ? "unified" : folderName(group.hierarchy);
    mounts.push(mountOf(group, name, namespace));
    if (version === 2 || controllers.length === 1) continue;
    for (const controller of controllers)
      mounts.push({ destination: controller, source: name, type: "symlink", options: [] });
  }
  return mounts;
}

function mountOf(group: Group, destination: string, namespace: boolean): CgroupMount {
  const { version, controllers } = group.hierarchy;
  if (!namespace) return { destination, source: group.path, type: "bind", options: ["ro", ...flags] };
  if (version === 2) return { destination, source: "cgroup2", type: "cgroup2", options: flags };
  const named = controllers[0]?.startsWith("name=") === true;
  const hierarchy = named ? ["none", ...controllers] : controllers;
  return { destination, source: "cgroup", type: "cgroup", options: [...flags, ...hierarchy] };
}

/** `cpu,cpuacct`, or the name of a named hierarchy. */
function folderName({ controllers }: Hierarchy): string {
  const name = controllers.join(",");
  return name.startsWith("name=") ? name.slice(5) : name;
}
