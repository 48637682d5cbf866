import {
  joinCgroupNamespace,
  joinNamespaces,
  type NamespaceType,
  openNamespacesOf,
} from "../namespace/index.ts";
import {
  Clone,
  CLONE_ARGS_CGROUP,
  cloneArgs,
  Exec,
  Keep,
  List,
  type Plan,
  setHighFlag,
  Wait,
} from "../plan/index.ts";
import { openPty, rootView } from "../rootfs/index.ts";
import {
  type CapabilityMask,
  labelExec,
  type LoadableSeccomp,
  loadSeccomp,
  resolveCapabilities,
  setNoNewPrivileges,
} from "../security/index.ts";
import type { Linux, Process } from "./config.ts";
import { becomeRoot, becomeUser, ownStreams } from "./process/credentials.ts";
import { findProgram } from "./process/find-program.ts";
import { beginParting, openParting, partFromContainer } from "./process/handover.ts";
import { refuseInspection } from "./process/inspection.ts";
import { dieWithKeeper, openCaller, openSelf } from "./process/lifetime.ts";
import { writePidFile } from "./process/pid-file.ts";
import { openPipe, openPipes, relaysOf, usePipes } from "./process/pipes.ts";
import { restoreOpenFiles, setRlimits } from "./process/rlimits.ts";
import { enterWorkingDirectory, joinSessionKeyring, setOomScoreAdj } from "./process/surroundings.ts";
import { openListenerWay, type SeccompListener } from "./process/seccomp-listener.ts";
import type { HookState } from "./process/hooks.ts";
import { setPersonality } from "./process/personality.ts";
import { setAffinity, setScheduling } from "./process/scheduling.ts";
import {
  connectSocket,
  openConsoleSocket,
  openTerminalChannel,
  receiveTerminal,
  sendDescriptor,
  takeTerminal,
} from "./process/terminal.ts";
import { programPaths } from "./program-paths.ts";
import type { Personality } from "./config.ts";

const AT_FDCWD = -100;
const CLONE_PARENT = 0x8000;
const CLONE_INTO_CGROUP_BIT = 33;
const O_PATH_DIRECTORY_CLOEXEC = 0o12200000;
const O_WRONLY_CLOEXEC = 0o2000001;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const JOIN_MILLISECONDS = 60_000;

/** A program that is to run in a container which is there already. */
export interface ExecRequest {
  readonly id: string;
  readonly process: Process;
  /** Kinds of namespaces the container does not share with husk. */
  readonly namespaces: readonly NamespaceType[];
  /** The container has a user namespace in which groups cannot be changed. */
  readonly setgroupsDenied: boolean;
  /** Groups to enter: of v1 each folder, of v2 the one group. */
  readonly cgroups: { readonly v1: readonly string[]; readonly v2: string | undefined };
  readonly seccomp: LoadableSeccomp | undefined;
  /** Who is asked about calls that the filter leaves to somebody, and what of the container it is told. */
  readonly agent?:
    | (SeccompListener & { readonly container: HookState; readonly containerPid: number })
    | undefined;
  readonly personality: Personality | undefined;
  readonly memoryPolicy: Linux["memoryPolicy"];
  readonly availableCapabilities: CapabilityMask;
  /** How many descriptors from 3 on the program gets; the one behind them is /proc/PID of the container. */
  readonly preserve: number;
  readonly detach: boolean;
  /** Give the program pipes, and move their bytes to descriptors 1 and 2: none of them may be a terminal of the host's. */
  readonly pipes?: boolean;
  /** What has to be typed at the caller's terminal to leave the program alone; at most 16 bytes. */
  readonly detachKeys?: Uint8Array | undefined;
  /** Nobody waits for the program, but its keeper stays: it holds the terminal, and reaps. */
  readonly detaches?: boolean;
  readonly callerPid: number;
  readonly noNewKeyring: boolean;
  readonly ownedStreams: readonly number[];
  readonly callerOpenFiles?: number | undefined;
  readonly pidFile?: string | undefined;
  readonly consoleSocket?: string | undefined;
  readonly pidfdSocket?: string | undefined;
}

/** The plan of an exec, and what its maker has to tell. */
export interface PlannedExec {
  readonly plan: Plan;
  readonly warnings: readonly string[];
}

/**
 * A program in a running container, as a launch plan: a process in between enters the namespaces of the container's
 * first process, and what it clones there becomes the program in the same way as the container's own did.
 */
export function planExec(request: ExecRequest): PlannedExec {
  const { process, namespaces, preserve, detach } = request;
  const keeper = new List("keeper");
  const container = new List("program");
  const cleanup = new List("afterwards");

  const self = openSelf(keeper);
  const caller = detach || request.detaches ? undefined : openCaller(keeper, request.callerPid);
  const first = 3 + preserve;
  keeper.step("the container's first process", "by its folder in /proc, which stays its own");
  keeper.call("fcntl", first, F_SETFD, FD_CLOEXEC);
  const joined = openNamespacesOf(keeper, first, namespaces);
  const hasMounts = namespaces.includes("mount");
  const root = hasMounts ? undefined : keeper.call("openat", first, "root", O_PATH_DIRECTORY_CLOEXEC, 0);
  const tasks = request.cgroups.v1.map((path) =>
    keeper.call("openat", AT_FDCWD, `${path}/tasks`, O_WRONLY_CLOEXEC, 0).about(path),
  );
  const group =
    request.cgroups.v2 === undefined
      ? undefined
      : keeper
          .call("openat", AT_FDCWD, request.cgroups.v2, O_PATH_DIRECTORY_CLOEXEC, 0)
          .about(request.cgroups.v2);

  const socket = request.consoleSocket;
  const ownChannel = process.terminal && socket === undefined ? openTerminalChannel(keeper) : undefined;
  const channel = socket === undefined ? ownChannel : openConsoleSocket(keeper, socket);
  const pidfdSocket =
    request.pidfdSocket === undefined ? undefined : connectSocket(keeper, request.pidfdSocket);
  const pipes = request.pipes && channel === undefined ? openPipes(keeper) : undefined;
  const parting = detach ? openParting(keeper, {}) : undefined;
  const isOnItsOwn = request.detaches === true || request.detachKeys !== undefined;
  if (isOnItsOwn) keeper.step("sign of the launch", "it closes by itself when the program is executed");
  const launched = isOnItsOwn ? openPipe(keeper) : undefined;
  const { agent, seccomp } = request;
  const listener = openListenerWay(keeper, seccomp, agent);
  const filter = (): void => {
    if (seccomp === undefined) return;
    if (listener === undefined) loadSeccomp(container, seccomp);
    else listener.load(container, seccomp);
  };

  const args = cloneArgs(CLONE_PARENT);
  const joiner = new List("joiner");
  const { initial = "", final = "" } = process.execCPUAffinity ?? {};
  setAffinity(joiner, initial);
  if (process.oomScoreAdj !== undefined)
    setOomScoreAdj(joiner, AT_FDCWD, "/proc/self/oom_score_adj", process.oomScoreAdj);
  refuseInspection(joiner);
  joinNamespaces(joiner, joined);
  joiner.step("new process", "only a child is in the pid namespace that was entered");
  if (group !== undefined) {
    setHighFlag(args, CLONE_INTO_CGROUP_BIT);
    joiner.store(group, args, CLONE_ARGS_CGROUP, "u64");
  }
  const pid = joiner.add(new Clone(args, container));
  keeper.step("enter the namespaces", "a process in between enters them, so that the keeper stays outside");
  keeper.add(new Wait(keeper.add(new Clone(cloneArgs(0), joiner)), JOIN_MILLISECONDS));
  if (parting !== undefined) keeper.call("close", parting.write);
  if (launched !== undefined) keeper.call("close", launched.write);
  if (pipes !== undefined) {
    keeper.call("close", pipes.stdout.write);
    keeper.call("close", pipes.stderr.write);
  }
  if (pidfdSocket !== undefined)
    sendDescriptor(keeper, pidfdSocket, keeper.call("pidfd_open", pid, 0), "setns");

  const { sets, warnings } = resolveCapabilities(process.capabilities ?? {}, request.availableCapabilities);
  if (tasks.length > 0) {
    container.step("enter the control groups", "the container's limits hold for this program too");
    for (const fd of tasks)
      container.call("write", fd, "0", 1).expect(1).about("the container's control group");
  }
  joinCgroupNamespace(container, joined);
  setAffinity(container, final);
  const part = parting === undefined ? undefined : beginParting(container, parting, preserve);
  if (namespaces.includes("user")) becomeRoot(container, request.setgroupsDenied);
  container.step("own session", "signals of the caller's terminal go to husk, not past it");
  container.call("setsid");
  if (!request.noNewKeyring) joinSessionKeyring(container, request.id);
  if (root !== undefined) {
    container.step("the container's root", "it has no mounts of its own: only the root differs");
    container.call("fchdir", root);
    container.call("chroot", ".");
  }
  if (channel !== undefined) {
    container.step("open the container's root", "its terminals are made there");
    const view = rootView(container, container.call("openat", AT_FDCWD, "/", O_PATH_DIRECTORY_CLOEXEC, 0));
    const terminal = { size: process.consoleSize, owner: process.user.uid };
    takeTerminal(container, channel, openPty(view), terminal);
  }
  if (pipes !== undefined) usePipes(container, pipes);
  setScheduling(container, process, request.memoryPolicy);
  if (request.personality !== undefined) setPersonality(container, request.personality);
  setRlimits(container, process.rlimits ?? []);
  restoreOpenFiles(container, process.rlimits ?? [], request.callerOpenFiles);
  if (process.apparmorProfile || process.selinuxLabel) {
    container.step("the container's /proc", "labels are set through it");
    labelExec(container, container.call("openat", AT_FDCWD, "/proc", O_PATH_DIRECTORY_CLOEXEC, 0), process);
  }
  const directory = enterWorkingDirectory(container, process.cwd, false);
  ownStreams(container, request.ownedStreams, process.user.uid);
  listener?.prepare(container, listener.channel);
  if (process.noNewPrivileges) setNoNewPrivileges(container);
  else filter();
  becomeUser(container, process.user, sets, request.setgroupsDenied);
  directory.again(container);
  const [name = ""] = process.args;
  const paths = programPaths(name, process.env ?? []);
  if (detach) findProgram(container, name, paths);
  if (parting === undefined) dieWithKeeper(container, self);
  if (process.noNewPrivileges) filter();
  part?.wait(container);
  container.step(`execute ${name}`, "the set-up ends and the program begins");
  container.add(new Exec(paths, process.args, process.env ?? [])).object = `"${name}"`;

  const console = ownChannel === undefined ? undefined : receiveTerminal(keeper, ownChannel);
  if (agent !== undefined)
    listener?.passOn(keeper, { ...agent, pid, metadata: agent.metadata, status: "running" });
  if (parting !== undefined) {
    partFromContainer(keeper, parting);
    if (request.pidFile !== undefined) writePidFile(keeper, pid, request.pidFile);
    const plan = { keeper, cleanup, exports: new Map(), handsOver: true, complaints: parting.write };
    return { plan, warnings };
  }
  if (request.pidFile !== undefined) writePidFile(keeper, pid, request.pidFile);
  keeper.step("keep", "wait for the program, forward signals, pass on its exit status");
  const keep = {
    pid,
    relays: relaysOf(keeper, console, pipes),
    forwardSignals: true,
    ...(caller && { caller }),
    ...(launched && {
      supervision: { launched: launched.read, ...(console && { input: console }), ...detachKeys(request) },
    }),
  };
  keeper.add(new Keep(console === undefined ? keep : { ...keep, console }));
  const plan = { keeper, cleanup, exports: new Map() };
  return { plan: request.detaches === true ? { ...plan, detaches: true } : plan, warnings };
}

function detachKeys({ detachKeys: keys }: ExecRequest): { detachKeys?: Uint8Array } {
  return keys === undefined ? {} : { detachKeys: keys };
}
