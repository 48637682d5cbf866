import { cgroupMounts } from "../cgroup/index.ts";
import { HuskError } from "../platform/error.ts";
import { joinCgroupNamespace } from "../namespace/index.ts";
import { type List, Memory, type Result } from "../plan/index.ts";
import {
  addDevices,
  addMounts,
  attachRoot,
  bindConsole,
  cleanPath,
  makePathsReadonly,
  makeRootPrivate,
  makeRootReadonly,
  maskPaths,
  type MountContext,
  type Mounted,
  needsDevices,
  newFileSystem,
  openPty,
  pivotRoot,
  type RootfsPropagation,
  useOwnNull,
  writeSysctls,
} from "../rootfs/index.ts";
import {
  checkMountLabel,
  type CompiledSeccomp,
  labelExec,
  loadSeccomp,
  setNoNewPrivileges,
} from "../security/index.ts";
import type { PlanContext } from "./plan-container.ts";
import type { PlannedHooks } from "./plan-hooks.ts";
import { mountIdMaps } from "./mount-id-maps.ts";
import { type OwnUserNamespace, readOwnUserNamespace } from "./own-user-namespace.ts";
import { becomeUser, ownStreams } from "./process/credentials.ts";
import { findProgram } from "./process/find-program.ts";
import { beginParting, type Parting } from "./process/handover.ts";
import { type Gate, type OutputPipes, useInput, usePipes } from "./process/pipes.ts";
import { restoreOpenFiles, setRlimits } from "./process/rlimits.ts";
import {
  bringLoopbackUp,
  enterWorkingDirectory,
  joinSessionKeyring,
  setDomainname,
  setHostname,
  setOomScoreAdj,
} from "./process/surroundings.ts";
import { setPersonality } from "./process/personality.ts";
import { setScheduling } from "./process/scheduling.ts";
import type { ListenerWay } from "./process/seccomp-listener.ts";
import { takeTerminal, type TerminalChannel } from "./process/terminal.ts";
import { programPaths } from "./program-paths.ts";

const CLONE_NEWCGROUP = 0x2000000;

/** What connects the container's process with the keeper while it is set up. */
export interface Connections {
  readonly channel: TerminalChannel | undefined;
  readonly gate: Gate | undefined;
  /** Opens when the container has its network devices. */
  readonly network: Gate | undefined;
  readonly pipes: OutputPipes | undefined;
  readonly stdin: Gate | undefined;
  readonly parting: Parting | undefined;
  readonly hooks: PlannedHooks | undefined;
  readonly seccomp: CompiledSeccomp | undefined;
  readonly listener: ListenerWay | undefined;
}

/** What has to come after everything else, just before the program. */
export interface Inside {
  last(): void;
  /** Where failures go when the keeper is gone; known after {@link last}. */
  complaints(): Result | undefined;
}

/**
 * The container's own list, from its first breath to just before its program, in the order runc keeps:
 * what needs power first, then the root file system, then the power is given away.
 */
export function planInside(context: PlanContext, connections: Connections): Inside {
  const { request, spec, container: list, cgroups, isNew, hasOwn } = context;
  const { process } = spec;
  const user = isNew("user");
  const outer = request.nested ? readOwnUserNamespace() : undefined;
  const setgroupsDenied = outer?.setgroupsDenied === true || (user && request.idMapWriter?.kind === "single");
  if (cgroups !== undefined) cgroups.join(list);
  if (connections.gate !== undefined) passGate(list, connections.gate, setgroupsDenied);
  if (connections.network !== undefined) {
    list.step("wait for the network devices", "hooks and the program are to find them");
    list.call("close", connections.network.write);
    list.call("read", connections.network.read, new Memory(1), 1).expect(1).about("the network devices");
  }
  if (isNew("cgroup")) {
    list.step("own control group namespace", "its groups look like the root of all groups");
    list.call("unshare", CLONE_NEWCGROUP);
  }
  joinCgroupNamespace(list, context.joined);
  list.step(
    "own session",
    "signals of the caller's terminal go to husk, not past it",
    () => "#   left out: so Ctrl-C reaches the program, as there is no husk to hand it on",
  );
  list.call("setsid");
  if (!request.noNewKeyring) joinSessionKeyring(list, request.id);
  if (isNew("network")) bringLoopbackUp(list);

  const { parting, hooks } = connections;
  const { seccomp, listener } = connections;
  const part =
    parting === undefined ? undefined : beginParting(list, parting, request.preserve ?? 0, listener?.channel);
  const root = planRoot(context, connections, outer);

  if (hasOwn("uts")) {
    if (spec.hostname) setHostname(list, spec.hostname);
    if (spec.domainname) setDomainname(list, spec.domainname);
  }
  root.finish();
  // In another user namespace the file is nobody's any more: it was written before.
  if (process.oomScoreAdj !== undefined && !hasOwn("user"))
    setOomScoreAdj(list, root.procfs(), "self/oom_score_adj", process.oomScoreAdj);
  setScheduling(list, process, spec.linux.memoryPolicy);
  if (spec.linux.personality !== undefined) setPersonality(list, spec.linux.personality);
  if (process.apparmorProfile || process.selinuxLabel) labelExec(list, root.procfs(), process);
  if (connections.pipes !== undefined) usePipes(list, connections.pipes);
  if (connections.stdin !== undefined) useInput(list, connections.stdin);

  // With no_new_privs the filter can come last of all; without it, loading needs CAP_SYS_ADMIN, so earlier.
  const filter = (): void => {
    if (seccomp === undefined) return;
    if (listener === undefined) loadSeccomp(list, seccomp);
    else listener.load(list, seccomp);
  };
  const directory = enterWorkingDirectory(list, process.cwd, request.makeWorkingDirectory ?? false);
  ownStreams(list, request.ownedStreams ?? [], process.user.uid);
  part?.close(list);
  if (listener !== undefined) listener.prepare(list, part?.kept ?? listener.channel);
  // The container's limit of open files counts for what is opened from here on.
  setRlimits(list, process.rlimits ?? []);
  restoreOpenFiles(list, process.rlimits ?? [], request.callerOpenFiles);
  if (process.noNewPrivileges) setNoNewPrivileges(list);
  else filter();
  becomeUser(list, process.user, context.capabilities, setgroupsDenied);
  directory.again(list);
  return {
    last(): void {
      const name = process.args[0] as string;
      if (request.handover?.waits !== undefined)
        findProgram(list, name, programPaths(name, process.env ?? []));
      if (process.noNewPrivileges) filter();
      part?.wait(list);
      hooks?.beforeProgram(list);
    },
    complaints: () => part?.complaints,
  };
}

/** Waits until the ids are mapped, then becomes the root of the new user namespace. */
function passGate(list: List, gate: Gate, setgroupsDenied: boolean): void {
  list.step(
    "become root of the user namespace",
    "powerful in here, an ordinary user outside",
    () => "#   nsenter --user, below, makes it user 0 of that namespace",
  );
  list.call("close", gate.write);
  list.call("read", gate.read, new Uint8Array(8), 1).expect(1).about("the keeper's sign that ids are mapped");
  if (!setgroupsDenied) list.call("setgroups", 0, null);
  list.call("setresgid", 0, 0, 0);
  list.call("setresuid", 0, 0, 0);
}

interface PlannedRoot {
  /** A procfs that nobody else could tamper with, made when first asked for. */
  procfs(): Result;
  /** Read-only, masked, sysctls: after this, everything is as the program sees it. */
  finish(): void;
}

function planRoot(
  context: PlanContext,
  { channel, hooks }: Connections,
  outer: OwnUserNamespace | undefined,
): PlannedRoot {
  const { request, spec, keeper, container: list, isNew, hasOwn } = context;
  const { linux, mounts = [] } = spec;
  if (!isNew("mount")) {
    hooks?.inContainer(list);
    return planWithoutMounts(context, channel);
  }

  if (linux.mountLabel) checkMountLabel(linux.mountLabel);
  const propagation = linux.rootfsPropagation as RootfsPropagation | undefined;
  // In a user namespace no devices can be made, whether it is the container's or already husk's.
  const userNamespace = hasOwn("user") || outer !== undefined;
  const keeperOpens = hasOwn("user") && request.privileged ? { keeper } : {};
  makeRootPrivate(list, propagation);
  const noDevices = request.privileged && !context.guardsDevices;
  const forMounts = idMapsFor(context, outer);
  const containersIds = forMounts.idMaps?.container;
  const root = attachRoot(list, request.root, {
    userNamespace,
    noDevices,
    ...keeperOpens,
    ...(isNew("user") && containersIds !== undefined && { idMap: containersIds }),
    ...(propagation && { propagation }),
  });
  const mounted = addMounts(
    {
      root: root.view,
      bundle: request.bundle,
      userNamespace,
      ownNetwork: isNew("network") || !hasOwn("user"),
      ownProcesses: hasOwn("pid") || !hasOwn("user"),
      source: request.root,
      ...forMounts,
      label: spec.linux.mountLabel,
      cgroup: cgroupMounts(context.cgroups?.groups ?? [], hasOwn("cgroup")),
      ...keeperOpens,
      ...(isNew("user")
        ? { hasGid: (gid: number) => isMapped(spec.linux.gidMappings ?? [], gid) }
        : outer !== undefined && { hasGid: outer.hasGid }),
    },
    mounts,
  );
  const inRoot = !mounts.some(({ destination }) => cleanPath(destination) === "/dev");
  // The host's own root has its devices, and they are not to be changed.
  const hostsDev = inRoot && request.root.kind === "directory" && cleanPath(request.root.path) === "/";
  if (needsDevices(mounts) && !hostsDev) {
    const bind = userNamespace || outer !== undefined || (noDevices && inRoot);
    addDevices(root.view, linux.devices ?? [], { bind });
    useOwnNull(root.view, request.nullStreams ?? [], linux.devices);
  }
  if (channel !== undefined) {
    const pty = openPty(root.view);
    if (!hostsDev) bindConsole(root.view, pty.slave);
    takeTerminal(list, channel, pty, { size: spec.process.consoleSize, owner: spec.process.user.uid });
  }
  hooks?.inContainer(list);
  pivotRoot(list, root, { noPivot: request.noPivot ?? false, ...(propagation && { propagation }) });
  return {
    procfs: procfsMaker(list, mounted),
    finish(): void {
      if (spec.root.readonly) makeRootReadonly(list, root);
      writeSysctls(root.view, mounted, linux.sysctl ?? {});
      makePathsReadonly(root.view, linux.readonlyPaths ?? []);
      maskPaths(root.view, linux.maskedPaths ?? []);
    },
  };
}

/** Id-mapped mounts are the business of the host's root. */
function idMapsFor(
  { request, spec, keeper, joined }: PlanContext,
  outer: OwnUserNamespace | undefined,
): Pick<MountContext, "idMaps"> {
  if (!request.privileged || outer !== undefined) return {};
  const make = mountIdMaps(keeper);
  const theirs = joined.find(({ type }) => type === "user");
  const { uidMappings: uids = [], gidMappings: gids = [] } = spec.linux;
  if (theirs !== undefined) return { idMaps: { make, container: () => theirs.fd } };
  return { idMaps: uids.length > 0 ? { make, container: () => make({ uids, gids }) } : { make } };
}

function isMapped(maps: readonly { containerID: number; size: number }[], id: number): boolean {
  return maps.some((map) => id >= map.containerID && id < map.containerID + map.size);
}

/** A procfs that husk mounted itself, attached nowhere a program could have covered it. */
function procfsMaker(list: List, mounted: Mounted | undefined): () => Result {
  let made: Result | undefined;
  return () => {
    if (made === undefined) made = mounted?.writableProc as Result | undefined;
    made ??= newFileSystem(list, { type: "proc" }, "nowhere");
    return made;
  };
}

/** In the host's or a joined mount namespace nothing may be mounted: the root changes, and that is all. */
function planWithoutMounts(context: PlanContext, channel: TerminalChannel | undefined): PlannedRoot {
  const { request, spec, container: list, hasOwn } = context;
  if (channel !== undefined) {
    throw new HuskError("invalid", "a terminal needs a new mount namespace: its /dev/pts has to be mounted", {
      hint: "leave out -t (process.terminal), or let the container have a mount namespace of its own",
    });
  }
  if (Object.keys(spec.linux.sysctl ?? {}).length > 0) {
    throw new HuskError("invalid", "linux.sysctl needs a new mount namespace", {
      hint: "leave one of the two out",
    });
  }
  if (!hasOwn("mount") && request.root.kind === "directory" && request.root.path !== "/") {
    const { path } = request.root;
    list.step(
      `chroot ${path}`,
      "only the root changes: the mounts stay the host's",
      () => "#   chroot(8), at the end",
    );
    list.call("chroot", path).about(path);
    list.call("chdir", "/");
  }
  return { procfs: procfsMaker(list, undefined), finish: () => {} };
}
