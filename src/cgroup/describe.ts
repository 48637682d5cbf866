import { readFileSync } from "node:fs";
import { baseOf, type Maker } from "./group.ts";
import { hierarchyOf, type Layout } from "./layout.ts";
import { hasSwapAccounting } from "./swap.ts";

/** What `husk info` and `husk check` say of one controller. */
export interface ControllerFacts {
  /** Name in v2 (`io`); v1 calls that one `blkio`. */
  readonly controller: string;
  /** Undefined: not mounted, or not in this kernel. */
  readonly version: 1 | 2 | undefined;
  readonly mount: string | undefined;
  /** This user can make groups with it. */
  readonly usable: boolean;
  /** The flags of `run` that need it. */
  readonly flags: readonly string[];
  /** Why it is not usable. */
  readonly problem: string | undefined;
}

export interface CgroupFacts {
  /** `hybrid`: v1 hierarchies, and a v2 one beside them. */
  readonly version: "v1" | "v2" | "hybrid" | "none";
  readonly controllers: readonly ControllerFacts[];
  readonly swapAccounting: boolean;
  /** Device rules are enforced: only the v1 controller can do it so far. */
  readonly deviceRules: boolean;
  /** Everything in a container can be killed at once (`cgroup.kill`). */
  readonly unified: boolean;
}

const known: readonly [string, string, readonly string[]][] = [
  ["memory", "memory", ["--memory", "--memory-swap", "--memory-reservation"]],
  ["cpu", "cpu", ["--cpus", "--cpu-shares", "--cpu-period", "--cpu-quota"]],
  ["cpuset", "cpuset", ["--cpuset-cpus", "--cpuset-mems"]],
  ["pids", "pids", ["--pids-limit"]],
  [
    "io",
    "blkio",
    [
      "--blkio-weight",
      "--device-read-bps",
      "--device-write-bps",
      "--device-read-iops",
      "--device-write-iops",
    ],
  ],
  ["devices", "devices", []],
  ["freezer", "freezer", []],
];

/** Tells what this machine's control groups can do for this user. */
export function describeCgroups(layout: Layout, maker: Maker): CgroupFacts {
  const unified = layout.hierarchies.find(({ version }) => version === 2);
  const v1 = layout.hierarchies.some(
    ({ version, controllers }) => version === 1 && !controllers[0]?.startsWith("name="),
  );
  return {
    version: unified === undefined ? (v1 ? "v1" : "none") : v1 ? "hybrid" : "v2",
    controllers: known.map(([name, v1Name, flags]) => controllerFacts(layout, maker, name, v1Name, flags)),
    swapAccounting: hasSwapAccounting(layout),
    deviceRules: hierarchyOf(layout, "devices") !== undefined || (unified !== undefined && !maker.rootless),
    unified: unified !== undefined,
  };
}

function controllerFacts(
  layout: Layout,
  maker: Maker,
  controller: string,
  v1Name: string,
  flags: readonly string[],
): ControllerFacts {
  const unified = layout.hierarchies.find(({ version }) => version === 2);
  let hierarchy = hierarchyOf(layout, v1Name) ?? hierarchyOf(layout, controller);
  // Every v2 group can be frozen; no controller of that name exists.
  if (controller === "freezer") hierarchy ??= unified;
  // Nor for devices: a program that the kernel asks takes the place, and only root may load one.
  if (controller === "devices" && !maker.rootless) hierarchy ??= unified;
  if (hierarchy === undefined) {
    const problem =
      controller === "devices" && layout.hierarchies.length > 0
        ? "v2 asks a program (eBPF), which only root may load"
        : absence(v1Name);
    return { controller, version: undefined, mount: undefined, usable: false, flags, problem };
  }
  const { version, mount, readOnly } = hierarchy;
  const asked = version === 2 && controller !== "freezer" && controller !== "devices" ? [controller] : [];
  const usable = baseOf(hierarchy, maker, asked) !== undefined;
  const problem = usable ? undefined : readOnly ? "mounted read-only" : "not delegated to this user";
  return { controller, version, mount, usable, flags, problem };
}

function absence(v1Name: string): string {
  const line = readFileSync("/proc/cgroups", "utf8")
    .split("\n")
    .find((line) => line.startsWith(`${v1Name}\t`));
  if (line === undefined) return "not in this kernel";
  return line.endsWith("\t0") ? `switched off at boot (cgroup_enable=${v1Name})` : "not mounted";
}
