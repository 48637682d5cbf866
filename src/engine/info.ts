import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { type ControllerFacts, describeCgroups, readLayout } from "../cgroup/index.ts";
import { architecture, huskVersion, javascriptRuntime, kernelRelease } from "../platform/versions.ts";
import { readHostFacts } from "../runtime/host-facts.ts";
import type { RegistryRule } from "../image/registry/index.ts";
import { listContainers } from "./container/list.ts";
import { isAlive } from "./container/state.ts";
import type { Folders } from "./folders.ts";
import type { LogDriver } from "./run-options.ts";
import { readSettings, settingsFiles } from "./settings/read-settings.ts";
import type { GivenSetting } from "./settings/settings.ts";

/** What this engine is, and the machine it is on. */
export interface EngineInfo {
  readonly huskVersion: string;
  readonly root: string;
  readonly run: string;
  /** Those that are here, by how they fare. */
  readonly containers: { readonly running: number; readonly paused: number; readonly stopped: number };
  /** Images of the store for this machine. */
  readonly storedImages: number;
  /** Of containers that are not given another one. */
  readonly logDriver: LogDriver;
  /** Rules of the settings, and of containers-registries.conf(5). */
  readonly registries: readonly RegistryRule[];
  /** Files that settings are read from, whether they are there or not. */
  readonly settingsFiles: readonly string[];
  /** What they and the environment say, in the order they were read: of a key the last one counts. */
  readonly settings: readonly GivenSetting[];
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
export async function engineInfo(folders: Folders): Promise<EngineInfo> {
  const { root, run } = folders;
  const settings = readSettings();
  const { readRegistryRules } = await import("../image/registry/index.ts");
  const { privileged, uid } = readHostFacts();
  const rootless = !privileged;
  const cgroups = describeCgroups(readLayout(), { rootless, uid });
  const runtime = javascriptRuntime();
  return {
    huskVersion,
    root,
    run,
    containers: countContainers(folders),
    storedImages: await countImages(root),
    logDriver: settings.log?.driver ?? "husk",
    registries: readRegistryRules(settings.registries),
    settingsFiles: settingsFiles(),
    settings: settings.given,
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

function countContainers(folders: Folders): EngineInfo["containers"] {
  const count = { running: 0, paused: 0, stopped: 0 };
  for (const summary of listContainers(folders, () => {})) {
    if (summary.status === "paused") count.paused++;
    else if (isAlive(summary)) count.running++;
    else count.stopped++;
  }
  return count;
}

async function countImages(root: string): Promise<number> {
  // Looking is no reason to make a store.
  if (!existsSync(`${root}/images`)) return 0;
  const { listImages, openImageStore } = await import("../image/index.ts");
  return listImages(openImageStore(root)).length;
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
