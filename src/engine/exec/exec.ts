import { closeSync, fstatSync, openSync, readFileSync, readlinkSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { readInRoot } from "../../platform/in-root.ts";
import { installKeeper } from "../../platform/keeper-file.ts";
import type { ContainerStream } from "../../platform/keeper-process.ts";
import { groupsToEnter } from "../../runtime/groups-to-enter.ts";
import { readHostFacts } from "../../runtime/host-facts.ts";
import { launch } from "../../runtime/launch.ts";
import { type ExecRequest, planExec } from "../../runtime/plan-exec.ts";
import { callerOpenFiles, lowerRlimits } from "../../runtime/process/rlimits.ts";
import { allCapabilities, namesOf } from "../../security/index.ts";
import { readExit } from "../container/exit.ts";
import { isProcessOf } from "../container/process-of.ts";
import { type RunRecord, readRun } from "../container/run-record.ts";
import { readState } from "../container/state.ts";
import type { Home } from "../home.ts";
import { shortId } from "../id.ts";
import { readTarget } from "../life/target.ts";
import type { Accounts } from "../user.ts";
import { type Entry, filterOf } from "./entry.ts";
import { type ExecOptions, programOf } from "./program.ts";

const O_DIRECTORY_CLOEXEC = 0o2200000;
/** More than any real one; a container's file is not to be trusted. */
const ACCOUNTS_BYTES = 4 * 1024 * 1024;

/** What the caller decides about an exec besides the program. */
export interface ExecStreams {
  /** Absent: the caller's own descriptors; of input only if `interactive` asks for it. */
  readonly stdin?: ContainerStream;
  readonly stdout?: ContainerStream;
  readonly stderr?: ContainerStream;
  /** The program goes on by itself, without input and output; nobody learns of its end. */
  readonly detach?: boolean;
  /** What has to be typed at the caller's terminal to leave the program alone: this process then gets SIGUSR2. */
  readonly detachKeys?: Uint8Array;
}

/** A program at work in a container. Unless it was detached, it ends with this process. */
export interface RunningExec {
  readonly warnings: readonly string[];
  readonly stdin: WritableStream<Uint8Array> | undefined;
  readonly stdout: ReadableStream<Uint8Array> | undefined;
  readonly stderr: ReadableStream<Uint8Array> | undefined;
  kill(signal: number): void;
  /** Rejects with a HuskError when a step failed or the program could not be executed. */
  readonly ended: Promise<ExecResult>;
}

export interface ExecResult {
  /** Exit status; 128 + n after signal n; of a detached one 0. */
  readonly exitCode: number;
  /** Signal that ended it, or 0. */
  readonly signal: number;
}

/**
 * Runs a program in a container that runs: in its namespaces, control groups, with its rights and limits.
 *
 * @param id its whole id
 * @returns once the program has begun, if it is detached
 * @throws HuskError "not-found" for no such container, "conflict" for one that does not run; "invalid" for no command;
 *   "cannot-execute" for a user or folder that is not there, and what else prevents it
 */
export async function exec(
  home: Home,
  id: string,
  options: ExecOptions,
  streams: ExecStreams = {},
): Promise<RunningExec> {
  const { folders } = home;
  const entered = enter(home, id);
  const { name, record, process: first, pid } = entered;
  const { detach = false, stdout = detach ? "ignore" : 1, stderr = detach ? "ignore" : 2 } = streams;
  const warnings: string[] = [];
  try {
    const request = requestOf(entered, options, detach, (message) => void warnings.push(message));
    const pipes = options.tty !== true && (mayBeTerminal(stdout) || mayBeTerminal(stderr));
    const { plan, warnings: more } = planExec({
      ...request,
      pipes: pipes || stdout === "pipe",
      detachKeys: options.tty === true && !detach ? streams.detachKeys : undefined,
    });
    warnings.push(...more);
    const launched = await launch(plan, {
      keeper: installKeeper(home.keeper, folders.root),
      id: shortId(id),
      reportDirectory: folders.run,
      stdin: detach ? "ignore" : (streams.stdin ?? (options.interactive === true ? 0 : "ignore")),
      stdout,
      stderr,
      descriptors: [first],
    });
    const ended = launched.outcome.then(async (outcome): Promise<ExecResult> => {
      if (outcome.kind === "lost") {
        const { sent } = outcome;
        if (sent > 0) return { exitCode: 128 + sent, signal: sent };
        throw new HuskError("failed", `the keeper was killed (${outcome.signal}), and the program with it`);
      }
      const { report } = outcome;
      if (report.outcome !== "failed") return { exitCode: report.exitCode, signal: report.exitSignal };
      refuseUnlessThere(home, id, name, pid);
      const { execError } = await import("./exec-error.ts");
      throw execError(plan, launched.encoded, report, record.rootfs);
    });
    if (detach) await ended;
    const { stdin, stdout: output, stderr: errors } = launched.keeper;
    return {
      warnings,
      stdin,
      stdout: output,
      stderr: errors,
      kill: (signal) => launched.keeper.kill(signal),
      ended,
    };
  } catch (error) {
    // Its files in /proc went while they were read.
    if (!(error instanceof HuskError)) refuseUnlessThere(home, id, name, pid);
    throw error;
  } finally {
    // The keeper has a descriptor of its own by now.
    closeSync(first);
  }
}

interface Entered {
  readonly name: string;
  readonly record: RunRecord;
  readonly entry: Entry;
  readonly pid: number;
  /** /proc/PID of its first process: it stays that process's, whoever gets the number afterwards. */
  readonly process: number;
}

function enter(home: Home, id: string): Entered {
  const {
    record: { name },
    paths,
    state: { status, pid },
  } = readTarget(home, id);
  refuseUnlessRunning(status, name);
  // Until its program is executed, its root may still be this machine's.
  if (readExit(paths.exit)?.launched !== true) throw notRunning(name);
  let process: number;
  try {
    process = openSync(`/proc/${pid}`, O_DIRECTORY_CLOEXEC);
  } catch {
    throw notRunning(name);
  }
  const record = readRun(paths.running);
  if (record === undefined || !isProcessOf(process, record, () => readState(home.folders, id).pid === pid)) {
    closeSync(process);
    throw notRunning(name);
  }
  if (record.entry === undefined) {
    closeSync(process);
    throw new HuskError(
      "unsupported",
      `container ${name} was started by an older husk: it cannot be entered`,
      {
        hint: `husk restart ${name}`,
      },
    );
  }
  return { name, record, entry: record.entry, pid, process };
}

/** What could not be entered because it was just ending has not failed, but is gone. */
function refuseUnlessThere({ folders }: Home, id: string, name: string, pid: number): void {
  const state = readState(folders, id);
  refuseUnlessRunning(state.status, name);
  if (state.pid !== pid || hasLeft(pid)) throw notRunning(name);
}

/** A process that ends gives back its namespaces before it counts as ended. */
function hasLeft(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/ns/ipc`);
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ESRCH";
  }
}

function refuseUnlessRunning(status: string, name: string): void {
  if (status === "running") return;
  if (status === "paused")
    throw new HuskError("conflict", `container ${name} is paused, unpause the container before exec`, {
      hint: `husk unpause ${name}`,
    });
  if (status === "restarting")
    throw new HuskError("conflict", `container ${name} is restarting, wait until the container is running`);
  throw notRunning(name);
}

function notRunning(name: string): HuskError {
  return new HuskError("conflict", `container ${name} is not running`, { hint: `husk start ${name}` });
}

function requestOf(
  { record, entry, pid, process: first }: Entered,
  options: ExecOptions,
  detach: boolean,
  warn: (message: string) => void,
): ExecRequest {
  const host = readHostFacts();
  const ownUser = entry.namespaces.includes("user");
  const available = ownUser ? allCapabilities : host.capabilities;
  const program = programOf(options, entry, {
    accounts: () => readAccounts(first),
    capabilities: () => namesOf(available),
    caller: process.env,
  });
  if (program.rlimits !== undefined && !host.raisesLimits)
    program.rlimits = lowerRlimits(program.rlimits, readFileSync("/proc/self/limits", "latin1"), warn);
  const setgroupsDenied =
    ownUser && readFileSync(`/proc/self/fd/${first}/setgroups`, "latin1").startsWith("deny");
  if (setgroupsDenied) program.user = { uid: program.user.uid, gid: program.user.gid };
  return {
    id: record.id,
    process: program,
    namespaces: entry.namespaces,
    setgroupsDenied,
    cgroups: groupsToEnter(record.cgroups?.groups ?? [], [], pid),
    seccomp: filterOf(entry),
    personality: entry.personality,
    memoryPolicy: entry.memoryPolicy,
    availableCapabilities: available,
    preserve: 0,
    detach: false,
    detaches: detach,
    callerPid: process.pid,
    noNewKeyring: false,
    ownedStreams: [],
    callerOpenFiles: callerOpenFiles(),
  };
}

function readAccounts(first: number): Accounts {
  const view = { root: `/proc/self/fd/${first}/root` };
  const read = (path: string): string => Buffer.from(readInRoot(view, path, ACCOUNTS_BYTES) ?? []).toString();
  return { passwd: read("/etc/passwd"), group: read("/etc/group") };
}

/** /dev/null, /dev/full and the like (mem(4)). */
const MEMORY_DEVICES = 1;

function mayBeTerminal(stream: ContainerStream): boolean {
  if (typeof stream !== "number") return false;
  const { mode, rdev } = fstatSync(stream);
  return (mode & 0o170000) === 0o020000 && rdev >> 8 !== MEMORY_DEVICES;
}
