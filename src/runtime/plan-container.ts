import { allowsEverything, type Cgroups, prepareCgroups } from "../cgroup/index.ts";
import {
  joinNamespaces,
  isNewNamespace,
  namespaceFlags,
  namespaceOf,
  namespaceReasons,
  type OpenNamespace,
  openProcess,
  openNamespaces,
  setClockOffsets,
  writeIdMaps,
} from "../namespace/index.ts";
import {
  Clone,
  CLONE_ARGS_CGROUP,
  cloneArgs,
  Exec,
  Init,
  Keep,
  List,
  Memory,
  type Plan,
  type Result,
  setHighFlag,
  Wait,
} from "../plan/index.ts";
import { type CapabilitySets, type CompiledSeccomp, compileSeccomp } from "../security/index.ts";
import type { Spec } from "./config.ts";
import { cgroupOwner } from "./cgroup-owner.ts";
import { capabilitiesOf } from "./container-capabilities.ts";
import type { ContainerRequest } from "./container-request.ts";
import { idMaps } from "./id-maps.ts";
import { planInside } from "./plan-inside.ts";
import { hookStateOf, prepareHooks } from "./plan-hooks.ts";
import { openParting, partFromContainer, recordProcess } from "./process/handover.ts";
import { dieWithKeeper, openCaller, openSelf } from "./process/lifetime.ts";
import { enterIntelRdt, prepareIntelRdt, rdtFolders, resolveIntelRdt } from "./process/intel-rdt.ts";
import { moveNetDevices } from "./process/net-devices.ts";
import { refuseInspection } from "./process/inspection.ts";
import { holdLock } from "./process/lock-record.ts";
import { writePidFile } from "./process/pid-file.ts";
import { openGate, openPipes, relaysOf } from "./process/pipes.ts";
import { listenerOf, openListenerWay, type SeccompListener } from "./process/seccomp-listener.ts";
import { openSupervision, removeTraces } from "./process/supervision.ts";
import { setOomScoreAdj } from "./process/surroundings.ts";
import {
  connectSocket,
  openConsoleSocket,
  openTerminalChannel,
  receiveTerminal,
  sendDescriptor,
} from "./process/terminal.ts";
import { programPaths } from "./program-paths.ts";

const CLONE_PARENT = 0x8000;
const CLONE_INTO_CGROUP_BIT = 33;
const AT_REMOVEDIR = 0x200;
const AT_FDCWD = -100;
const PR_SET_DUMPABLE = 4;
const JOIN_MILLISECONDS = 60_000;

/** Everything the rooms share while a plan is made. */
export interface PlanContext {
  readonly request: ContainerRequest;
  readonly spec: Spec;
  readonly keeper: List;
  readonly container: List;
  readonly cleanup: List;
  readonly cgroups: Cgroups | undefined;
  readonly capabilities: CapabilitySets;
  /** A control group checks which devices are opened, or all of them are allowed. */
  readonly guardsDevices: boolean;
  /** Namespaces that are joined; the process in between has entered all but the control groups' one. */
  readonly joined: readonly OpenNamespace[];
  /** A new namespace of this kind is made for the container. */
  isNew(type: keyof typeof namespaceFlags): boolean;
  /** The container has one of its own or a joined one: it does not share husk's. */
  hasOwn(type: keyof typeof namespaceFlags): boolean;
}

/** A plan, and what its maker has to tell. */
export interface PlannedContainer {
  readonly plan: Plan;
  /** What is stricter than asked, for the user to know. */
  readonly warnings: readonly string[];
  readonly cgroups: Cgroups | undefined;
  /** The operation that executes the program. */
  readonly program?: Exec;
  /** The filter of system calls, for programs that enter the container later. */
  readonly seccomp?: CompiledSeccomp | undefined;
  /** Who is asked about some of the calls. */
  readonly agent?: SeccompListener;
  /** Folders of the resource control file system that go with the container. */
  readonly rdtFolders?: readonly string[];
}

/**
 * The whole of a container as a launch plan. Nothing is changed by planning; some host facts are read.
 *
 * @throws HuskError for what the configuration asks and this machine or user cannot have
 */
export function planContainer(request: ContainerRequest): PlannedContainer {
  const { spec } = request;
  const { oomScoreAdj } = spec.process;
  const namespaces = spec.linux.namespaces ?? [];
  const keeper = new List("keeper");
  const container = new List("container");
  const cleanup = new List("afterwards");
  const exports = new Map<string, Memory>();
  const isNew = (type: keyof typeof namespaceFlags): boolean => isNewNamespace(namespaces, type);
  const hasOwn = (type: keyof typeof namespaceFlags): boolean => namespaceOf(namespaces, type) !== undefined;

  const self = openSelf(keeper);
  const detaches = request.supervision?.detached === true;
  const caller =
    request.callerPid === undefined || detaches ? undefined : openCaller(keeper, request.callerPid);
  // An ordinary user's keeper has to write files below the new process's /proc/PID first, or has nobody to fear.
  if (request.privileged) refuseInspection(keeper);
  const hasRecord = new Memory(Uint8Array.of(255, 255, 255, 255));
  const lock =
    request.lockFile === undefined ? undefined : holdLock(keeper, request.lockFile, request.lockMark);
  if (lock !== undefined) keeper.store(lock, hasRecord, 0);

  const cgroups =
    request.cgroups === undefined
      ? undefined
      : prepareCgroups(keeper, cleanup, exports, { ...request.cgroups, owner: cgroupOwner(spec) });
  const guardsDevices = cgroups?.enforcesDevices ?? allowsEverything(spec.linux.resources?.devices ?? []);
  const { sets, warnings } = capabilitiesOf(request, guardsDevices, keeper);
  const joined = openNamespaces(keeper, namespaces);
  const socket = request.consoleSocket;
  const ownChannel = spec.process.terminal && socket === undefined ? openTerminalChannel(keeper) : undefined;
  const channel = socket === undefined ? ownChannel : openConsoleSocket(keeper, socket);
  const pidfdSocket =
    request.pidfdSocket === undefined ? undefined : connectSocket(keeper, request.pidfdSocket);
  const parting = request.handover === undefined ? undefined : openParting(keeper, request.handover);
  const hooks = spec.hooks === undefined ? undefined : prepareHooks(keeper, cleanup, exports, request);
  const supervised =
    request.supervision === undefined
      ? undefined
      : openSupervision(keeper, request.supervision, {
          terminal: spec.process.terminal === true,
          lock,
          layout: request.cgroups?.maker.rootless === false ? request.cgroups.layout : undefined,
        });
  const logged = request.supervision?.log !== undefined;
  const pipes = (request.pipes || logged) && channel === undefined ? openPipes(keeper) : undefined;
  const seccomp = compileFilter(request);
  const agent = spec.linux.seccomp && listenerOf(spec.linux.seccomp, request.bundle);
  const listener = openListenerWay(keeper, seccomp, agent);

  const rdt = spec.linux.intelRdt && resolveIntelRdt(spec.linux.intelRdt, request.id);
  if (rdt !== undefined) prepareIntelRdt(keeper, cleanup, rdt);
  const { netDevices = [] } = request;
  const network =
    netDevices.length > 0 ? openGate(keeper, "the container has its network devices") : undefined;
  const maps = isNew("user") ? idMaps(spec) : undefined;
  const gate = maps === undefined ? undefined : openGate(keeper);
  const context: PlanContext = {
    request,
    spec,
    keeper,
    container,
    cleanup,
    cgroups,
    capabilities: sets,
    guardsDevices,
    joined,
    isNew,
    hasOwn,
  };
  const program = new List("program");
  const stdin = supervised?.stdin;
  const inside = planInside(context, {
    channel,
    gate,
    network,
    pipes,
    stdin,
    parting,
    hooks,
    seccomp,
    listener,
  });

  // Sync points cost a context switch each, so the only ones are those the kernel forces: maps and terminal.
  const { timeOffsets = {} } = spec.linux;
  // Clocks can be moved before the first process is born in the namespace only: another one has to make it.
  const clocks = isNew("time") && Object.keys(timeOffsets).length > 0;
  const between = joined.length > 0 || clocks;
  const flags = cloneFlags(namespaces) & (clocks ? ~namespaceFlags.time : -1);
  const args = cloneArgs(flags | (between ? CLONE_PARENT : 0));
  const titles: string[] = [];
  const reasons: string[] = [];
  for (const { type } of namespaces) {
    if (type === "cgroup" || !isNew(type)) continue;
    titles.push(type);
    reasons.push(`${type}: ${namespaceReasons[type]}`);
  }
  const cloneTitle =
    titles.length > 0 ? `new process in new namespaces: ${titles.join(", ")}` : "new process";
  const why = reasons.join("; ");
  let pid: Result;
  if (!between) {
    keeper.step(cloneTitle, why);
    if (cgroups?.cloneInto !== undefined) cloneInto(keeper, args, cgroups.cloneInto);
    pid = keeper.add(new Clone(args, container));
  } else {
    const joiner = new List("joiner");
    if (hasOwn("user") && oomScoreAdj !== undefined)
      setOomScoreAdj(joiner, AT_FDCWD, "/proc/self/oom_score_adj", oomScoreAdj);
    if (!request.privileged) refuseInspection(joiner);
    joinNamespaces(joiner, joined);
    if (clocks) {
      joiner.step("new time namespace", namespaceReasons.time);
      joiner.call("unshare", namespaceFlags.time);
      setClockOffsets(joiner, timeOffsets);
    }
    joiner.step(cloneTitle, why);
    if (cgroups?.cloneInto !== undefined) cloneInto(joiner, args, cgroups.cloneInto);
    pid = joiner.add(new Clone(args, container));
    keeper.step(
      "enter the namespaces to join",
      "a process in between enters them, so that the keeper stays outside",
    );
    keeper.add(new Wait(keeper.add(new Clone(cloneArgs(0), joiner)), JOIN_MILLISECONDS));
  }

  if (parting !== undefined) keeper.call("close", parting.write);
  if (request.pidFile !== undefined) writePidFile(keeper, pid, request.pidFile);
  if (request.processFile !== undefined) recordProcess(keeper, openProcess(keeper, pid), request.processFile);
  if (pidfdSocket !== undefined)
    sendDescriptor(keeper, pidfdSocket, keeper.call("pidfd_open", pid, 0), "standard");

  if (rdt !== undefined) enterIntelRdt(keeper, pid, rdt);

  if (maps !== undefined && gate !== undefined) {
    if (request.idMapWriter === undefined)
      throw new Error("a new user namespace needs somebody to write its maps");
    writeIdMaps(keeper, pid, maps.uids, maps.gids, request.idMapWriter);
    if (oomScoreAdj !== undefined && joined.length === 0)
      setOomScoreAdj(keeper, openProcess(keeper, pid), "oom_score_adj", oomScoreAdj);
    keeper.call("write", gate.write, "+", 1).expect(1);
  }
  if (network !== undefined) {
    moveNetDevices(keeper, openProcess(keeper, pid), netDevices);
    keeper.call("write", network.write, "+", 1).expect(1);
  }
  if (pipes !== undefined) {
    keeper.call("close", pipes.stdout.write);
    keeper.call("close", pipes.stderr.write);
  }
  supervised?.cloned();
  hooks?.beforeRoot(pid);
  const console = ownChannel === undefined ? undefined : receiveTerminal(keeper, ownChannel);
  listener?.passOn(keeper, {
    pid,
    metadata: agent?.metadata,
    container: hookStateOf({ ...spec, id: request.id, bundle: request.bundle }),
    status: "creating",
  });

  if (parting === undefined) dieWithKeeper(container, self);
  inside.last();
  const exec = request.hold === true ? stay(container) : execute(container, program, request);
  const planned = {
    warnings: [...warnings, ...(cgroups?.warnings ?? [])],
    cgroups,
    ...(exec === undefined ? {} : { program: exec }),
    seccomp,
    ...(rdt === undefined ? {} : { rdtFolders: rdtFolders(rdt) }),
    ...(listener !== undefined && agent !== undefined ? { agent } : {}),
  };
  if (parting !== undefined) {
    partFromContainer(keeper, parting);
    if (parting.fifos === undefined) hooks?.started(pid);
    removeState(cleanup, request);
    const complaints = inside.complaints() ?? parting.write;
    const plan = { keeper, cleanup, exports, handsOver: true, complaints };
    return { plan, ...planned };
  }
  hooks?.started(pid);

  keeper.step(
    "keep",
    "wait for the container, forward signals, pass on its exit status",
    () => "#   the script waits for the subshell and ends with its exit status",
  );
  const begun = new Memory(Uint8Array.of(255, 255, 255, 255));
  if (request.supervision !== undefined) keeper.store(pid, begun, 0);
  const relays = relaysOf(keeper, console, pipes, {
    stdin: stdin?.write,
    logged,
    detached: detaches,
  });
  const keep = keeper.add(
    new Keep({
      pid,
      ...(supervised === undefined ? {} : { supervision: supervised.supervision(console) }),
      ...(console === undefined ? {} : { console }),
      ...(caller === undefined ? {} : { caller }),
      relays,
      timeoutMilliseconds: request.timeoutMilliseconds ?? 0,
      forwardSignals: request.forwardSignals ?? true,
    }),
  );
  if (request.supervision !== undefined) keep.object = `${request.supervision.folder}/exit`;
  const complaints = hooks?.complaints;
  const plan = { keeper, cleanup, exports, ...(complaints && { complaints }) };
  if (request.supervision === undefined) {
    removeState(cleanup, request);
    return { plan, ...planned };
  }
  const leaving = new List("the keeper, in the end");
  const { supervision, pidFile } = request;
  removeTraces(leaving, supervision, pidFile, lock && hasRecord);
  removeState(leaving, request, begun);
  return { plan: { ...plan, leaving, detaches }, ...planned };
}

/** For scripts, which keep no record of what they make. */
const NOT_NEEDED = "#   not needed here";

function cloneFlags(namespaces: NonNullable<Spec["linux"]["namespaces"]>): number {
  let flags = 0;
  for (const { type, path } of namespaces) {
    // The control group namespace's root is the group at that moment, so it is made after joining the group.
    if ((path ?? "") === "" && type !== "cgroup") flags |= namespaceFlags[type];
  }
  return flags;
}

function cloneInto(list: List, args: Memory, directory: Result): void {
  setHighFlag(args, CLONE_INTO_CGROUP_BIT);
  list.store(directory, args, CLONE_ARGS_CGROUP, "u64");
}

/** The filter of system calls of a configuration. */
export function compileFilter({
  spec,
  skipUnknownCalls = false,
}: ContainerRequest): CompiledSeccomp | undefined {
  const { seccomp } = spec.linux;
  if (seccomp === undefined) return undefined;
  return compileSeccomp(seccomp, undefined, { at: "linux.seccomp", skipUnknown: skipUnknownCalls });
}

/** Tells that the root file system stands, and stays: whoever holds this process may look into it. */
function stay(container: List): undefined {
  container.step(
    "stay",
    "no program is started: the root file system is held for whoever asked for it",
    () => NOT_NEEDED,
  );
  // An ordinary user may look into a process that never executed a program only if it says so (ptrace(2)).
  container.call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0);
  container.call("write", 1, "\n", 1).expect(1);
  container.call("ppoll", null, 0, null, null, 0);
}

function execute(container: List, program: List, request: ContainerRequest): Exec {
  const { args, env = [] } = request.spec.process;
  const name = args[0] as string;
  const start = request.init ? program : container;
  if (request.init) {
    container.step(
      "init",
      "pid 1 forwards signals and reaps orphans, so that the program need not",
      () => "#   this shell stays, as pid 1",
    );
    container.add(new Init(program));
  }
  start.step(`execute ${name}`, "the set-up ends and the program begins; no descriptor above 2 is left");
  const exec = start.add(new Exec(programPaths(name, env), args, env));
  exec.object = `"${name}"`;
  return exec;
}

/** @param begun negative: nothing was started, and by its record whoever clears up finds what else there is */
function removeState(cleanup: List, request: ContainerRequest, begun?: Memory): void {
  const { files = [], folders = [] } = request;
  if (files.length + folders.length === 0) return;
  cleanup.step("forget the container", "nothing of it stays behind", () => NOT_NEEDED);
  const remove = (): void => {
    for (const path of files) cleanup.call("unlinkat", AT_FDCWD, path, 0);
    for (const path of folders) cleanup.call("unlinkat", AT_FDCWD, path, AT_REMOVEDIR);
  };
  if (begun === undefined) remove();
  else cleanup.when(cleanup.load(begun, 0), "succeeded", remove);
}
