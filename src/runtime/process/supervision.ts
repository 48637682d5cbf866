import type { HealthTicks, List, Memory, Restart, Result, Supervision } from "../../plan/index.ts";
import type { Layout } from "../../cgroup/index.ts";
import { type Gate, openPipe } from "./pipes.ts";

const AT_FDCWD = -100;
const AF_UNIX = 1;
const SOCK_STREAM_NONBLOCK_CLOEXEC = 0o2004001;
const O_PATH_DIRECTORY_CLOEXEC = 0o12200000;
const O_WRONLY_CREAT_NOFOLLOW_CLOEXEC = 0o2400101;
const O_APPEND = 0o2000;
const O_WRONLY_CLOEXEC = 0o2000001;
const SUN_PATH = 108;
/** As many as the system allows (net.core.somaxconn). */
const BACKLOG = 4096;

/** What makes a container one with a life of its own: with a log, a socket, an exit record. */
export interface SupervisionRequest {
  /**
   * Nobody waits for it: the keeper leaves the caller's session, and only the launch is reported. Absent: the
   * container ends with its caller, unless the detach keys are typed.
   */
  readonly detached?: boolean;
  /** The container's folder, which exists: it gets `log` and `exit`. */
  readonly folder: string;
  /** Absent: nothing is logged. Sizes as in {@link import("../../plan/index.ts").KeptLog}. */
  readonly log?: { readonly maxBytes: number; readonly maxFiles: number };
  /** Path of the socket to listen at, of any length. */
  readonly socket: string;
  /** The journal of events, and the text around the exit code in the one of the end. */
  readonly died?: { readonly journal: string; readonly before: string; readonly after: string };
  /** The program's input can be written to (docker's OpenStdin); otherwise it is what the keeper was given as such. */
  readonly input?: boolean;
  /** The end of the caller's or a client's input ends the program's (docker's StdinOnce). */
  readonly inputOnce?: boolean;
  readonly restart?: Restart;
  /** A program, path first, that the keeper becomes at the end, unless the caller is there to tidy up. */
  readonly finish?: readonly string[];
  readonly health?: HealthTicks;
  /** Of the programs the keeper starts: `NAME=value`. */
  readonly environment?: readonly string[];
  /** What has to be typed to leave the container alone, for an attached one; at most 16 bytes. */
  readonly detachKeys?: Uint8Array;
}

/** What has been opened for a container with a life of its own. */
export interface OpenedSupervision {
  /** Ends when the program is executed. */
  readonly launched: Gate;
  /** A pipe for the program's input, where it has no terminal. */
  readonly stdin: Gate | undefined;
  /** Once the container's process has been cloned: closes what belongs to that one. */
  cloned(): void;
  /** What the keeper has to know. */
  supervision(console: Result | undefined): Supervision;
}

interface Surroundings {
  readonly terminal: boolean;
  /** The descriptor that holds the lock on the container's record. */
  readonly lock: Result | undefined;
  /** Of the control groups, if this user may move processes anywhere in them. */
  readonly layout: Layout | undefined;
}

/**
 * Opens what the keeper needs for a container with a life of its own, before the container's process is cloned.
 *
 */
export function openSupervision(
  keeper: List,
  request: SupervisionRequest,
  { terminal, lock, layout }: Surroundings,
): OpenedSupervision {
  const { folder, log } = request;
  keeper.step(
    "exit record and log",
    "how it ended, and what it printed, can be read when nobody is left who was there",
    () => NOT_NEEDED,
  );
  const directory = keeper.call("openat", AT_FDCWD, folder, O_PATH_DIRECTORY_CLOEXEC).about(folder);
  const open = (name: string, flags: number): Result =>
    keeper
      .call("openat", directory, name, O_WRONLY_CREAT_NOFOLLOW_CLOEXEC | flags, 0o600)
      .about(`${folder}/${name}`);
  const exit = open("exit", 0);
  const file = log === undefined ? undefined : open("log", O_APPEND);
  const listener = listen(keeper, request.socket);
  const groupsOutside = layout === undefined ? [] : openTopGroups(keeper, layout);
  keeper.step("sign of the launch", "it closes by itself when the program is executed", () => NOT_NEEDED);
  const launched = openPipe(keeper);
  const stdin = request.input && !terminal ? openPipe(keeper) : undefined;
  return {
    launched,
    stdin,
    cloned() {
      keeper.call("close", launched.write);
      if (stdin !== undefined) keeper.call("close", stdin.read);
    },
    supervision(console) {
      const { input: wanted, log: sizes, ...rest } = request;
      const input = wanted ? (console ?? stdin?.write) : undefined;
      return {
        ...rest,
        launched: launched.read,
        listener,
        exit,
        groupsOutside,
        ...(input === undefined ? {} : { input }),
        ...(lock === undefined ? {} : { lock }),
        ...(sizes === undefined || file === undefined ? {} : { log: { ...sizes, directory, file } }),
      };
    },
  };
}

/**
 * Whoever ends the caller's session or service by its control group, as systemd does, must not end the keeper with it:
 * it goes to the top, where nothing is limited. Of v1's hierarchies only systemd's own counts for that.
 */
function openTopGroups(keeper: List, { hierarchies }: Layout): Result[] {
  const files: string[] = [];
  for (const { version, mount, controllers, own, readOnly } of hierarchies) {
    if (own === undefined || own === "/" || readOnly) continue;
    if (version === 2) files.push(`${mount}/cgroup.procs`);
    else if (controllers.includes("name=systemd")) files.push(`${mount}/tasks`);
  }
  if (files.length === 0) return [];
  keeper.step(
    "a control group outside",
    "the keeper is to outlive the session or service it was started from",
    () => NOT_NEEDED,
  );
  return files.map((file) => keeper.call("openat", AT_FDCWD, file, O_WRONLY_CLOEXEC).about(file));
}

/** A socket only its owner can connect to. Its name may be longer than an address has room for: from its folder it is not. */
function listen(keeper: List, path: string): Result {
  const slash = path.lastIndexOf("/");
  const name = new TextEncoder().encode(path.slice(slash + 1));
  if (name.length >= SUN_PATH) throw new Error(`the socket's name ${path} is too long`);
  const address = new Uint8Array(2 + SUN_PATH);
  address[0] = AF_UNIX;
  address.set(name, 2);
  keeper.step("socket", "whoever manages the container talks to its keeper", () => NOT_NEEDED);
  const folder = keeper.call("openat", AT_FDCWD, path.slice(0, slash), O_PATH_DIRECTORY_CLOEXEC).about(path);
  const here = keeper.call("openat", AT_FDCWD, ".", O_PATH_DIRECTORY_CLOEXEC);
  const socket = keeper.call("socket", AF_UNIX, SOCK_STREAM_NONBLOCK_CLOEXEC, 0);
  keeper.call("fchmod", socket, 0o600);
  keeper.call("unlinkat", AT_FDCWD, path, 0).accept("ENOENT");
  keeper.call("fchdir", folder);
  keeper.call("bind", socket, address, 2 + name.length + 1).about(path);
  keeper.call("fchdir", here);
  keeper.call("close", folder);
  keeper.call("close", here);
  keeper.call("listen", socket, BACKLOG);
  return socket;
}

/**
 * What goes when the keeper leaves for good.
 *
 * @param hasRecord negative: it never had the container's record, and what has these names is another run's
 */
export function removeTraces(
  leaving: List,
  request: SupervisionRequest,
  pidFile: string | undefined,
  hasRecord?: Memory,
): void {
  leaving.step("the keeper leaves", "nobody listens any more, and no process id counts", () => NOT_NEEDED);
  const remove = (): void => {
    leaving.call("unlinkat", AT_FDCWD, request.socket, 0);
    if (pidFile !== undefined) leaving.call("unlinkat", AT_FDCWD, pidFile, 0);
  };
  if (hasRecord === undefined) remove();
  else leaving.when(leaving.load(hasRecord, 0), "succeeded", remove);
}

/** For scripts, which keep no record of what they make. */
const NOT_NEEDED = "#   not needed here";
