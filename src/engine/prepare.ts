import { existsSync, readFileSync } from "node:fs";
import { type CgroupRequest, lacksDelegation, type Layout, readLayout } from "../cgroup/index.ts";
import { type IdMapWriter, isNewNamespace } from "../namespace/index.ts";
import { HuskError } from "../platform/error.ts";
import type { Spec } from "../runtime/config.ts";
import type { RootfsSource, WritableFolder } from "../rootfs/index.ts";
import type { ContainerRequest } from "../runtime/container-request.ts";
import { type PlannedContainer, planContainer } from "../runtime/plan-container.ts";
import type { FileMark } from "../runtime/process/lock-record.ts";
import type { SupervisionRequest } from "../runtime/process/supervision.ts";
import { callerOpenFiles, lowerRlimits } from "../runtime/process/rlimits.ts";
import { parseConfig } from "../runtime/validate.ts";
import { allCapabilities, namesOf } from "../security/index.ts";
import { type HostFacts, readHostFacts } from "../runtime/host-facts.ts";
import { newId } from "./id.ts";
import type { Joins } from "./joins.ts";
import { refuseNames } from "./own-files.ts";
import { readInRoot, type RootView } from "../platform/in-root.ts";
import { type Owner, rootOwner } from "./container/writable.ts";
import { type ChosenRootfs, chooseRootfs, rootfsSource } from "./rootfs-source.ts";
import type { RunOptions } from "./run-options.ts";
import { composeSpec } from "./spec.ts";
import { isOff } from "./spec/namespaces.ts";
import type { Accounts } from "./user.ts";

/** A container that is decided on and planned; nothing of it exists yet. */
export interface PreparedContainer {
  readonly id: string;
  readonly spec: Spec;
  readonly rootfs: ChosenRootfs;
  readonly request: ContainerRequest;
  readonly planned: PlannedContainer;
  /** Where what it writes will be kept, and whose it is; absent: in memory, or nowhere. */
  readonly writable?: { readonly folder: WritableFolder; readonly owner: Owner };
  /** What is stricter than asked, or mended. */
  readonly warnings: readonly string[];
}

/** What only the command line of OCI runtimes asks for. */
export interface RuntimeOptions {
  /** Absolute path of a file that gets the process id of the container's first process. */
  readonly pidFile?: string;
  /** Change the root by moving the mount instead of pivot_root(2), for a root on a ramdisk. */
  readonly noPivot?: boolean;
  /** Keep the caller's session keyring. */
  readonly noNewKeyring?: boolean;
}

/** What a container has that others can see and talk to. */
export interface LifeOptions {
  /** The file that its keeper locks. */
  readonly lockFile: string;
  /** By what its keeper knows that it is the one of this run. */
  readonly lockMark: FileMark;
  /** What goes when it has ended for good. */
  readonly files: readonly string[];
  /** A file that gets the process id of its first process. */
  readonly pidFile: string;
  readonly supervision: SupervisionRequest;
}

/** What a container's preparation needs besides what the user asked for. */
export interface PrepareOptions {
  /** The program's output goes through pipes of its own, which it may open again (/dev/stdout). */
  readonly pipes?: boolean;
  readonly runtime?: RuntimeOptions;
  /** No program is started: the root file system is held for whoever wants to look into it. */
  readonly hold?: boolean;
  /** The plan is to become a shell script, which can do less than the keeper. */
  readonly forShell?: boolean;
  /** Absent: a new one. */
  readonly id?: string;
  /** Where what it writes is kept; absent: in memory. A read-only one needs none, nor does a folder as root. */
  readonly writable?: WritableFolder;
  /** Finds the namespaces of other containers that it joins; whether husk may enter those of others is said. */
  readonly joins?: (privileged: boolean) => Joins;
  /** What tells of it while it runs, and what its keeper does for it; absent: nothing. */
  readonly life?: LifeOptions;
}

/**
 * Decides everything about a container and plans its launch. Reads this machine; changes nothing, but that an ordinary
 * user's process that will start the container (`life`) may move into a control group of its own for its limits' sake.
 *
 * @throws HuskError whatever was asked for and makes no sense or cannot be had here
 */
export async function prepareContainer(
  options: RunOptions,
  wanted: PrepareOptions = {},
): Promise<PreparedContainer> {
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const id = wanted.id ?? newId();
  const host = readHostFacts();
  const layout = readLayout();
  const bundle = options.source.kind === "bundle" ? readBundle(options.source.path, warn) : undefined;
  const rootfs = chooseRootfs(options, bundle);
  refuseNames(options);
  const facts = specFacts(id, host, rootfs, options);
  const joins = wanted.joins?.(host.privileged);
  const spec = composeSpec(options, joins === undefined ? facts : { ...facts, joins }, layout, bundle);
  if (options.cdiDevices !== undefined && options.cdiDevices.length > 0)
    (await import("./cdi/index.ts")).injectDevices(spec, options.cdiDevices, options.cdiFolders);
  if (spec.process.rlimits !== undefined && !host.raisesLimits) {
    spec.process.rlimits = lowerRlimits(
      spec.process.rlimits,
      readFileSync("/proc/self/limits", "latin1"),
      warn,
    );
  }
  const owner = wanted.writable === undefined ? undefined : rootOwner(spec, host.uid, host.gid);
  if (wanted.writable !== undefined && owner === undefined)
    warn(
      "what the container writes is kept in memory, until it ends: with these id maps it cannot be on disk",
    );
  const writable = owner === undefined ? undefined : wanted.writable;
  const root = await rootfsSource(options, spec, rootfs, { writable, warn });
  const groups = wanted.life === undefined ? layout : await layoutFor(options, layout, host, spec);
  const request = containerRequest(options, wanted, { id, host, layout: groups, spec, root });
  const planned = planContainer(request);
  return {
    id,
    spec,
    rootfs,
    request,
    planned,
    ...(writable === undefined || owner === undefined ? {} : { writable: { folder: writable, owner } }),
    warnings: [...warnings, ...planned.warnings],
  };
}

/**
 * The control groups the container can have. An ordinary user's limits need some that were handed to this user: where
 * that user has a systemd of its own, it makes this process a scope, with all that is started from here.
 */
async function layoutFor(options: RunOptions, layout: Layout, host: HostFacts, spec: Spec): Promise<Layout> {
  const maker = { rootless: !host.privileged || host.nested, uid: host.uid };
  if (isOff(options, "limits") || !lacksDelegation(layout, maker, spec.linux.resources ?? {})) return layout;
  const folder = process.env.XDG_RUNTIME_DIR ?? `/run/user/${host.uid}`;
  if (!existsSync(`${folder}/systemd/private`)) return layout;
  await (await import("../cgroup/systemd/index.ts")).enterDelegatedScope(host.uid);
  return readLayout();
}

function readBundle(path: string, warn: (message: string) => void): Spec {
  const file = `${path}/config.json`;
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (cause) {
    throw new HuskError("not-found", `bundle ${path}: cannot read config.json: ${(cause as Error).message}`, {
      cause,
      hint: "a bundle is a folder with config.json and a root file system: runc spec makes an example",
    });
  }
  return parseConfig(content, file, warn);
}

function specFacts(
  id: string,
  host: HostFacts,
  rootfs: ChosenRootfs,
  { source }: RunOptions,
): Parameters<typeof composeSpec>[1] {
  return {
    id,
    uid: host.uid,
    gid: host.gid,
    privileged: host.privileged,
    nested: host.nested,
    environment: process.env,
    capabilities: () => namesOf(host.capabilities),
    hostname: () => readFileSync("/proc/sys/kernel/hostname", "utf8").trim(),
    accounts: () => (source.kind === "image" ? source.accounts : readAccounts(rootfs.view)),
  };
}

/** More than any real one; a container's file is not to be trusted. */
const ACCOUNTS_BYTES = 4 * 1024 * 1024;

function readAccounts(view: RootView): Accounts {
  if (view.root === "/")
    return { passwd: readFileSync("/etc/passwd", "utf8"), group: readFileSync("/etc/group", "utf8") };
  const read = (path: string): string => Buffer.from(readInRoot(view, path, ACCOUNTS_BYTES) ?? []).toString();
  return { passwd: read("/etc/passwd"), group: read("/etc/group") };
}

interface Decided {
  readonly id: string;
  readonly host: HostFacts;
  readonly layout: Layout;
  readonly spec: Spec;
  readonly root: RootfsSource;
}

function containerRequest(options: RunOptions, wanted: PrepareOptions, decided: Decided): ContainerRequest {
  const { id, host, spec, root } = decided;
  const { life } = wanted;
  const newUserNamespace = isNewNamespace(spec.linux.namespaces, "user");
  const cgroups = cgroupRequest(options, wanted, decided);
  return {
    id,
    spec,
    root,
    bundle: options.source.kind === "bundle" ? options.source.path : process.cwd(),
    privileged: host.privileged,
    nested: host.nested,
    availableCapabilities: newUserNamespace ? allCapabilities : host.capabilities,
    ...(life?.supervision.detached === true ? {} : { callerPid: process.pid }),
    makeWorkingDirectory: true,
    ...(wanted.hold === true ? { hold: true } : {}),
    forwardSignals: options.sigProxy !== false,
    ...(newUserNamespace ? { idMapWriter: idMapWriter(spec, host) } : {}),
    ...(cgroups === undefined ? {} : { cgroups }),
    ...(wanted.pipes === undefined ? {} : { pipes: wanted.pipes }),
    ...(options.init === undefined ? {} : { init: options.init }),
    ...(options.timeout === undefined ? {} : { timeoutMilliseconds: timeLimit(options.timeout) }),
    ...life,
    ...openFiles(),
    ...wanted.runtime,
  };
}

/** The keeper counts them in 32 bits. */
const LONGEST_LIMIT_MS = 2 ** 32 - 1;

function timeLimit(milliseconds: number): number {
  if (milliseconds <= LONGEST_LIMIT_MS) return milliseconds;
  throw new HuskError(
    "invalid",
    `a time limit of ${Math.round(milliseconds / 3_600_000)} hours is too long`,
    {
      hint: "--timeout takes at most 1193h, some 49 days; without it there is no limit",
    },
  );
}

function cgroupRequest(
  options: RunOptions,
  { forShell }: PrepareOptions,
  { id, host, layout, spec }: Decided,
): CgroupRequest | undefined {
  if (isOff(options, "limits")) return undefined;
  const ownPids = isNewNamespace(spec.linux.namespaces, "pid");
  return {
    id,
    cgroupsPath: spec.linux.cgroupsPath,
    layout,
    maker: { rootless: !host.privileged || host.nested, uid: host.uid },
    resources: spec.linux.resources,
    adopt: false,
    kill: !ownPids,
    ...(forShell === true ? { deviceProgram: false } : {}),
  };
}

function idMapWriter({ linux }: Spec, host: HostFacts): IdMapWriter {
  if (host.privileged) return { kind: "privileged" };
  const own = linux.uidMappings?.[0];
  const single = linux.uidMappings?.length === 1 && linux.gidMappings?.length === 1;
  if (single && own?.size === 1 && own.hostID === host.uid) return { kind: "single" };
  return { kind: "helpers", newuidmap: "/usr/bin/newuidmap", newgidmap: "/usr/bin/newgidmap" };
}

function openFiles(): { callerOpenFiles?: number } {
  const soft = callerOpenFiles();
  return soft === undefined ? {} : { callerOpenFiles: soft };
}
