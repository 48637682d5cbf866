import { type Call, type List, Memory, type Result } from "../../plan/index.ts";

const AT_FDCWD = -100;
const O_RDWR_CLOEXEC = 0o2000002;
const O_CLOEXEC = 0o2000000;
const S_IFIFO_0600 = 0o010600;
const F_DUPFD_CLOEXEC = 1030;
const FIRST_SPARE = 64;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/** How a container is handed to whoever waits for it, while the keeper ends. */
export interface Handover {
  /** Let the program wait until it is started ({@link WaitFiles}); otherwise the keeper ends when it has begun. */
  readonly waits?: WaitFiles;
}

/** The fifos at which a container waits for `start`, in its state folder. */
export interface WaitFiles {
  /** Whoever writes a byte here starts the program. */
  readonly trigger: string;
  /** Its name until everything is set up. */
  readonly unfinished: string;
  /** Ends when the program has begun; what comes before is {@link Plan.complaints}. */
  readonly outcome: string;
}

/** The descriptors by which keeper and container part. */
export interface Parting {
  readonly read: Result;
  readonly write: Result;
  readonly fifos: { readonly files: WaitFiles; readonly trigger: Call; readonly outcome: Call } | undefined;
}

/** In the keeper, before the clone: a pipe that tells it when it may end, and the fifos. */
export function openParting(keeper: List, handover: Handover): Parting {
  keeper.step(
    "prepare the parting",
    "the keeper ends when the container stands on its own feet, or with its caller",
  );
  keeper.call("prctl", PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  const ends = new Memory(8);
  keeper.call("pipe2", ends, O_CLOEXEC);
  const [read, write] = [keeper.load(ends, 0), keeper.load(ends, 4)];
  const files = handover.waits;
  if (files === undefined) return { read, write, fifos: undefined };
  const fifo = (path: string): Call => {
    keeper.call("mknodat", AT_FDCWD, path, S_IFIFO_0600, 0).about(path);
    // Opened both ways, so that opening never waits, and nobody has to open it again from inside.
    return keeper.call("openat", AT_FDCWD, path, O_RDWR_CLOEXEC, 0).about(path);
  };
  return { read, write, fifos: { files, trigger: fifo(files.unfinished), outcome: fifo(files.outcome) } };
}

/** In the keeper, at its end: waits until the container is ready, or has executed its program. */
export function partFromContainer(keeper: List, { read, fifos }: Parting): void {
  keeper.step("part", "from here on the container belongs to whoever waits for it");
  if (fifos === undefined) {
    // The end of the pipe: exec closed the other side. A container that fails writes its complaint first.
    keeper.call("read", read, new Memory(1), 1).expect(0);
    return;
  }
  keeper.call("read", read, new Memory(1), 1).expect(1).about("the container, which is gone");
  const { unfinished, trigger } = fifos.files;
  keeper.call("renameat2", AT_FDCWD, unfinished, AT_FDCWD, trigger, 0).about(trigger);
}

/** What the container does on its side, each at its time. */
export interface ContainerParting {
  /** Closes everything but what is needed to wait: whoever enters meanwhile finds no descriptor of the host's. */
  close(list: List): void;
  /** The descriptor that was to be kept, where it is after {@link close}. */
  readonly kept: Result | undefined;
  wait(list: List): void;
  /** For {@link Plan.complaints}: only while it waits, and after; known after {@link close}. */
  readonly complaints: Result | undefined;
}

/**
 * In the container, at the very beginning.
 *
 * @param preserve how many descriptors from 3 on the program gets
 * @param kept one more descriptor that is still needed after everything else is closed
 */
export function beginParting(
  list: List,
  parting: Parting,
  preserve: number,
  kept?: Result | undefined,
): ContainerParting {
  const { read, write, fifos } = parting;
  list.step("until the parting", "if the keeper dies before, the container does too");
  list.call("prctl", PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  list.call("close", read);
  if (fifos === undefined) {
    return {
      complaints: undefined,
      kept,
      close: () => {},
      wait: (later) => {
        later.step("outlive the keeper", "its end is no longer the container's");
        later.call("prctl", PR_SET_PDEATHSIG, 0, 0, 0, 0);
      },
    };
  }
  // Out of the way first, so that none of them is where another one goes.
  const spare = (fd: Result): Call => list.call("fcntl", fd, F_DUPFD_CLOEXEC, FIRST_SPARE + preserve);
  const [trigger, outcome, ready] = [spare(fifos.trigger), spare(fifos.outcome), spare(write)];
  const spared = kept === undefined ? undefined : spare(kept);
  const [triggerAt, outcomeAt, readyAt, keptAt] = [3 + preserve, 4 + preserve, 5 + preserve, 6 + preserve];
  const placed: { complaints?: Result; kept?: Result } = {};
  return {
    get complaints() {
      return placed.complaints;
    },
    get kept() {
      return placed.kept;
    },
    close(later) {
      later.step("close every other descriptor", "whoever enters before the start finds none of the host's");
      later.call("dup3", trigger, triggerAt, O_CLOEXEC);
      placed.complaints = later.call("dup3", outcome, outcomeAt, O_CLOEXEC);
      later.call("dup3", ready, readyAt, O_CLOEXEC);
      if (spared !== undefined) placed.kept = later.call("dup3", spared, keptAt, O_CLOEXEC);
      later.call("close_range", (spared === undefined ? readyAt : keptAt) + 1, -1, 0);
    },
    wait(later) {
      later.step("wait for the start", "create ends here; start writes a byte into the fifo");
      later.call("prctl", PR_SET_PDEATHSIG, 0, 0, 0, 0);
      later.call("write", readyAt, "+", 1).expect(1).about("the keeper, which is gone");
      later.call("close", readyAt);
      later.call("read", triggerAt, new Memory(1), 1).expect(1).about(fifos.files.trigger);
    },
  };
}

/** Records who the container's first process is: a copy of its /proc/PID/stat, whole or not at all. */
export function recordProcess(keeper: List, process: Result, path: string): void {
  const unfinished = `${path}.new`;
  keeper.step("record the process", "its id and its start time: an id alone may belong to another one later");
  const stat = keeper.call("openat", process, "stat", O_CLOEXEC, 0).about("/proc/<pid>/stat");
  const text = new Memory(1024);
  const length = keeper.call("read", stat, text, 1023);
  const file = keeper.call("openat", AT_FDCWD, unfinished, 0o2001101, 0o600).about(path);
  keeper.call("write", file, text, length).about(path);
  keeper.call("renameat2", AT_FDCWD, unfinished, AT_FDCWD, path, 0).about(path);
}
