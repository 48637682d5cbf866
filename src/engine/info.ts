import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { type ControllerFacts, describeCgroups, readLayout } from "../cgroup/index.ts";
import { architecture, huskVersion, javascriptRuntime, kernelRelease } from "../platform/versions.ts";
import { readHostFacts } from "../runtime/host-facts.ts";
import type { Folders } from "./folders.ts";

/** What this engine is, and the machine it is on. */
export interface EngineInfo {
  readonly huskVersion: string;
  readonly root: string;
  readonly run: string;
  /** Containers are made in user namespaces, without root's rights. */
  readonly rootless: boolean;
  /** What containers can be made of without an image of the store. */
  readonly images: readonly string[];
  readonly networks: readonly string[];
  readonly cgroupVersion: "v1" | "v2" | "hybrid" | "none";
  readonly cgroupControllers: readonly Omit<ControllerFacts, "flags">[];
  readonly swapAccounting: boolean;
  /** `apparmor`, `selinux`, `seccomp=builtin`, `rootless`. */
  readonly securityOptions: readonly string[];
  readonly kernelVersion: string;
  readonly operatingSystem: string;
  readonly osType: "linux";
  /** As images name it: `amd64`. */
  readonly architecture: string;
  /** `Bun 1.4.5`, `Node 22.23.3`. */
  readonly runtime: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly name: string;
}

/** Looks at this machine. */
export function engineInfo({ root, run }: Folders): EngineInfo {
  const { privileged, uid } = readHostFacts();
  const rootless = !privileged;
  const cgroups = describeCgroups(readLayout(), { rootless, uid });
  const runtime = javascriptRuntime();
  return {
    huskVersion,
    root,
    run,
    rootless,
    images: ["host"],
    networks: ["none", "host"],
    cgroupVersion: cgroups.version,
    cgroupControllers: cgroups.controllers.map(({ flags: _flags, ...facts }) => facts),
    swapAccounting: cgroups.swapAccounting,
    securityOptions: securityOptions(rootless),
    kernelVersion: kernelRelease(),
    operatingSystem: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(read("/etc/os-release"))?.[1] ?? "unknown",
    osType: "linux",
    architecture: architecture(),
    runtime: `${runtime.name} ${runtime.version}`,
    cpus: read("/proc/stat").match(/^cpu\d+/gm)?.length ?? 0,
    memory: Number(/^MemTotal:\s*(\d+) kB/m.exec(read("/proc/meminfo"))?.[1] ?? 0) * 1024,
    name: hostname(),
  };
}

function securityOptions(rootless: boolean): string[] {
  const options: string[] = [];
  if (read("/sys/module/apparmor/parameters/enabled").trim() === "Y") options.push("apparmor");
  if (read("/sys/fs/selinux/enforce") !== "") options.push("selinux");
  if (read("/proc/sys/kernel/seccomp/actions_avail") !== "") options.push("seccomp=builtin");
  if (rootless) options.push("rootless");
  return options;
}

/** Text of a small file; "" if there is none or it may not be read. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
