import { readFileSync, realpathSync } from "node:fs";
import { readLayout } from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { Failure, Report } from "../../plan/index.ts";
import { allCapabilities } from "../../security/index.ts";
import type { Spec } from "../config.ts";
import { type HostFacts, readHostFacts } from "../host-facts.ts";
import { idMapWriter } from "../id-map-writer.ts";
import type { ContainerRequest } from "../container-request.ts";
import { type PlannedContainer, planContainer } from "../plan-container.ts";
import { callerOpenFiles, lowerRlimits } from "../process/rlimits.ts";
import { parseConfig } from "../validate.ts";
import type { Runtime } from "./create.ts";
import { nullStreams, ownedStreams, passedDescriptors } from "./caller-descriptors.ts";
import type { ContainerFiles } from "./folder.ts";
import { addHome } from "./home.ts";

/** What create and run are asked for (runc create(8), runc run(8)). */
export interface CreateOptions {
  readonly id: string;
  /** Absolute path. */
  readonly bundle: string;
  /** Absolute path of config.json; absent: the bundle's. */
  readonly config?: string;
  readonly pidFile?: string;
  readonly consoleSocket?: string;
  readonly pidfdSocket?: string;
  readonly noPivot?: boolean;
  readonly noNewKeyring?: boolean;
  /** How many descriptors from 3 on the program gets, besides those of LISTEN_FDS. */
  readonly preserveFds?: number;
  /** Who makes the control groups; absent: husk itself. "disabled": the container stays in husk's. */
  readonly cgroupManager?: CgroupManager;
}

export type CgroupManager = "cgroupfs" | "systemd" | "disabled";

/** Whether the container waits for start, goes on alone, or stays below this process. */
export type CreateMode = "wait" | "detach" | "foreground";

/** A container of which nothing exists yet. */
export interface Prepared {
  readonly spec: Spec;
  readonly rootfs: string;
  readonly planned: PlannedContainer;
  readonly warnings: readonly string[];
  /** Descriptors of this process that the program gets from 3 on. */
  readonly descriptors: readonly number[];
  /** Knows more of a failure than its step says. */
  readonly failed?: (report: Report, failure: Failure | undefined) => HuskError | undefined;
}

/**
 * Reads a bundle and plans its container. Changes nothing.
 *
 * @param removed files that go with it
 * @param scope the group of the systemd scope that was made for it
 * @throws HuskError for what the configuration asks and this machine or user cannot have
 */
export type Prepare = (
  runtime: Runtime,
  options: CreateOptions,
  mode: CreateMode,
  files: ContainerFiles,
  removed: readonly string[],
  scope: string | undefined,
) => Promise<Prepared>;

/** A container whose program is what the configuration says. */
export const prepareBundle: Prepare = async (...given) => {
  const { request, warnings, ...rest } = await prepareRequest(...given);
  const planned = planContainer(request);
  return { ...rest, planned, warnings: [...warnings, ...planned.warnings] };
};

/** What a bundle asks for, as a request for a plan. */
export async function prepareRequest(
  ...[runtime, options, mode, files, removed, scope]: Parameters<Prepare>
): Promise<Omit<Prepared, "planned"> & { readonly request: ContainerRequest }> {
  const warnings: string[] = [];
  const { id, bundle } = options;
  const spec = readConfig(options, (message) => void warnings.push(message));
  checkTerminal(spec, options, mode);
  const host = readHostFacts();
  const rootfs = findRootfs(spec, bundle);
  const descriptors = passedDescriptors(spec.process, options.preserveFds ?? 0);
  addHome(spec.process, rootfs);
  if (spec.process.rlimits !== undefined && !host.raisesLimits) {
    const limits = readFileSync("/proc/self/limits", "latin1");
    spec.process.rlimits = lowerRlimits(
      spec.process.rlimits,
      limits,
      (message) => void warnings.push(message),
    );
  }
  const writer = idMapWriter(spec, host);
  const openFiles = callerOpenFiles();
  const devices = spec.linux.netDevices;
  const netDevices =
    devices === undefined ? [] : await (await import("./net-devices.ts")).findNetDevices(runtime, devices);
  const { trigger, unfinished, outcome } = files;
  const request: ContainerRequest = {
    id,
    spec,
    root: { kind: "directory", path: rootfs },
    bundle,
    privileged: host.privileged,
    nested: host.nested,
    availableCapabilities: writer === undefined ? host.capabilities : allCapabilities,
    ...(options.cgroupManager === "disabled" ? {} : { cgroups: cgroupRequest(id, spec, host, scope) }),
    makeWorkingDirectory: true,
    skipUnknownCalls: true,
    processFile: files.process,
    preserve: descriptors.length,
    netDevices,
    ownedStreams: spec.process.terminal ? [] : ownedStreams(spec.process.user.uid),
    nullStreams: spec.process.terminal ? [] : nullStreams(),
    ...(writer === undefined ? {} : { idMapWriter: writer }),
    ...(openFiles === undefined ? {} : { callerOpenFiles: openFiles }),
    ...(mode === "foreground" ? { callerPid: process.pid } : {}),
    ...(mode === "foreground" ? { files: removed, folders: removed.length > 0 ? [files.folder] : [] } : {}),
    ...(mode === "detach" ? { handover: {} } : {}),
    ...(mode === "wait" ? { handover: { waits: { trigger, unfinished, outcome } } } : {}),
    ...given(options, "pidFile", "consoleSocket", "pidfdSocket", "noPivot", "noNewKeyring"),
  };
  return { spec, rootfs, request, warnings, descriptors };
}

function cgroupRequest(
  id: string,
  { linux }: Spec,
  host: HostFacts,
  scope: string | undefined,
): NonNullable<ContainerRequest["cgroups"]> {
  const { resources, cgroupsPath } = linux;
  const pids = resources?.pids?.limit ?? 0;
  // While the container is born, a process that keeps its scope is in the group as well.
  const oneMore = scope !== undefined && pids > 0;
  return {
    id,
    cgroupsPath,
    layout: readLayout(),
    maker: { rootless: !host.privileged || host.nested, uid: host.uid },
    resources: oneMore ? { ...resources, pids: { limit: pids + 1 } } : resources,
    adopt: true,
    kill: true,
    scope,
  };
}

/** The named fields, of those that are there. */
function given<T extends object, K extends keyof T>(from: T, ...names: K[]): Partial<Pick<T, K>> {
  const result: Partial<Pick<T, K>> = {};
  for (const name of names) if (from[name] !== undefined) result[name] = from[name];
  return result;
}

/** Reads and checks a configuration. */
export function readConfig({ bundle, config }: CreateOptions, warn: (message: string) => void): Spec {
  const file = config ?? `${bundle}/config.json`;
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (cause) {
    throw new HuskError("not-found", `JSON specification file ${file} not found`, {
      cause,
      hint: (cause as Error).message,
    });
  }
  return parseConfig(content, file, warn);
}

/** A terminal needs somebody at its other end (runc's words). */
function checkTerminal(spec: Spec, { consoleSocket }: CreateOptions, mode: CreateMode): void {
  const detached = mode !== "foreground";
  if (detached && spec.process.terminal && consoleSocket === undefined)
    throw new HuskError("invalid", "cannot allocate tty if husk will detach without setting console socket");
  if (consoleSocket !== undefined && !(detached && spec.process.terminal))
    throw new HuskError("invalid", "cannot use console socket if husk will not detach or allocate tty");
}

function findRootfs(spec: Spec, bundle: string): string {
  const path = spec.root.path.startsWith("/") ? spec.root.path : `${bundle}/${spec.root.path}`;
  try {
    return realpathSync(path);
  } catch (cause) {
    throw new HuskError("not-found", `invalid rootfs: ${(cause as Error).message}`, { cause });
  }
}
