import { prepareCgroups } from "../cgroup/index.ts";
import { Keep, List, Memory, type Result } from "../plan/index.ts";
import { cleanPath, makeRestoreRoot, type Mount } from "../rootfs/index.ts";
import { converseWithCriu } from "./criu/converse.ts";
import { addedMounts } from "./criu/external-mounts.ts";
import { restoreRequest, type RestoreOptions } from "./criu/request.ts";
import { openProcess } from "../namespace/index.ts";
import type { ContainerRequest } from "./container-request.ts";
import { compileFilter, type PlannedContainer } from "./plan-container.ts";
import { hookStateOf } from "./plan-hooks.ts";
import { openHookOutput, runHooks } from "./process/hooks.ts";
import { recordProcess } from "./process/handover.ts";
import { openCaller } from "./process/lifetime.ts";
import { writePidFile } from "./process/pid-file.ts";
import { relaysOf } from "./process/pipes.ts";
import { listenerOf } from "./process/seccomp-listener.ts";
import { connectSocket, sendDescriptor } from "./process/terminal.ts";

const AT_FDCWD = -100;
const AT_REMOVEDIR = 0x200;
const CLONE_NEWNS = 0x20000;
const O_CLOEXEC = 0o2000000;
const FIRST_PASSED = 3;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const CHILDREN_BYTES = 16;

/** A container that is made of images instead of a program. */
export interface RestoreRequest extends ContainerRequest {
  /** What criu is told; the groups' paths are added. */
  readonly criu: Omit<RestoreOptions, "cgroupRoots" | "externalMounts">;
  readonly program: string;
  /** Folders that criu finds as its first descriptors: of the images, of its work. */
  readonly criuFolders: readonly string[];
  /** The number at which criu finds its end of the socket. */
  readonly socketAt: number;
  /** The root file system's folder. */
  readonly rootfs: string;
}

/**
 * A restored container as a launch plan: its control groups are made anew, criu enters them, makes its processes in
 * there, as siblings of its own, and ends. The mounts criu needs stand in a mount namespace that ends with it.
 */
export function planRestore(request: RestoreRequest): PlannedContainer {
  const { spec, rootfs } = request;
  const keeper = new List("keeper");
  const cleanup = new List("afterwards");
  const exports = new Map<string, Memory>();
  const detach = request.callerPid === undefined;
  keeper.step("begin", "what is restored is to end with its caller, or to go on without");
  const caller = request.callerPid === undefined ? undefined : openCaller(keeper, request.callerPid);
  if (detach) keeper.call("prctl", PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  const cgroups =
    request.cgroups === undefined ? undefined : prepareCgroups(keeper, cleanup, exports, request.cgroups);
  const output = openHookOutput(keeper, cleanup, exports);
  const socket =
    request.consoleSocket === undefined ? undefined : connectSocket(keeper, request.consoleSocket);

  const cgroupRoots: [string, string][] = [];
  for (const { hierarchy, path } of cgroups?.groups ?? [])
    cgroupRoots.push([
      hierarchy.version === 2 ? "" : hierarchy.controllers.join(","),
      path.slice(hierarchy.mount.length),
    ]);
  keeper.step("own mounts", "criu wants a root that is a mount point; on the host nothing is mounted");
  keeper.call("unshare", CLONE_NEWNS);
  makeRestoreRoot(keeper, rootfs, request.bundle, wantedPlaces(spec.mounts ?? []));
  // Mounts can be made below descriptors of this mount namespace only, and criu makes some below its folders.
  request.criuFolders.forEach((folder, i) => {
    const opened = keeper.call("openat", AT_FDCWD, folder, O_CLOEXEC, 0).about(folder);
    keeper.call("dup3", opened, FIRST_PASSED + i, 0);
  });
  const groups = cgroups?.mounts((spec.linux.namespaces ?? []).some(({ type }) => type === "cgroup")) ?? [];
  const externalMounts = addedMounts(spec, request.bundle, rootfs, groups);
  const terminal = converseWithCriu(keeper, exports, {
    kind: "restore",
    request: restoreRequest({ ...request.criu, cgroupRoots, externalMounts }),
    program: request.program,
    socketAt: request.socketAt,
    cloneInto: cgroups?.cloneInto,
    ...(cgroups === undefined ? {} : { before: cgroups.join }),
  });

  keeper.step("the container's first process", "the one child that is left");
  const children = new Memory(CHILDREN_BYTES);
  const file = keeper.call("openat", AT_FDCWD, "/proc/thread-self/children", O_CLOEXEC, 0);
  keeper.call("read", file, children, CHILDREN_BYTES - 1).about("the restored process");
  keeper.call("close", file);
  const pid = keeper.load(children, 0, "decimal");

  const { hooks } = spec;
  const state = hookStateOf({ ...spec, id: request.id, bundle: request.bundle });
  const run = { state, status: "running", pid, directory: request.bundle, output };
  runHooks(keeper, { kind: "prestart", hooks: hooks?.prestart ?? [], ...run });
  runHooks(keeper, { kind: "createRuntime", hooks: hooks?.createRuntime ?? [], ...run });
  const console = spec.process.terminal ? keeper.load(terminal, 0) : undefined;
  if (console !== undefined && socket !== undefined) {
    keeper.step("hand over the terminal", "to who asked for it");
    sendDescriptor(keeper, socket, console, "/dev/ptmx");
  }
  if (request.processFile !== undefined) recordProcess(keeper, openProcess(keeper, pid), request.processFile);
  if (request.pidFile !== undefined) writePidFile(keeper, pid, request.pidFile);
  if (!detach) keep(keeper, pid, caller as Result, socket === undefined ? console : undefined);
  forget(cleanup, request);

  const seccomp = compileFilter(request);
  const agent = spec.linux.seccomp && listenerOf(spec.linux.seccomp, request.bundle);
  return {
    plan: { keeper, cleanup, exports, handsOver: detach },
    warnings: cgroups?.warnings ?? [],
    cgroups,
    seccomp,
    ...(agent === undefined ? {} : { agent }),
  };
}

function keep(keeper: List, pid: Result, caller: Result, console: Result | undefined): void {
  keeper.step("keep", "wait for the container, forward signals, pass on its exit status");
  const options = { pid, caller, relays: relaysOf(keeper, console, undefined), forwardSignals: true };
  keeper.add(new Keep(console === undefined ? options : { ...options, console }));
}

/** Mounts whose places have to be there: what stands in a tmpfs comes back with that. */
function wantedPlaces(mounts: readonly Mount[]): Mount[] {
  const memory = mounts
    .filter(({ type }) => type === "tmpfs")
    .map(({ destination }) => cleanPath(destination));
  return mounts.filter(({ destination, type }) => {
    const place = cleanPath(destination);
    return (
      type !== "cgroup" && type !== "cgroup2" && !memory.some((folder) => place.startsWith(`${folder}/`))
    );
  });
}

function forget(cleanup: List, { files = [], folders = [] }: ContainerRequest): void {
  if (files.length + folders.length === 0) return;
  cleanup.step("forget the container", "nothing of it stays behind");
  for (const path of files) cleanup.call("unlinkat", AT_FDCWD, path, 0);
  for (const path of folders) cleanup.call("unlinkat", AT_FDCWD, path, AT_REMOVEDIR);
}
