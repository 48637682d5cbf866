import {
  type Call,
  DESCRIPTOR_AT,
  descriptorMessage,
  type List,
  type Load,
  Memory,
  type Result,
} from "../../plan/index.ts";
import { HuskError } from "../../platform/error.ts";

const AF_UNIX = 1;
const SOCK_SEQPACKET_CLOEXEC = 0o2000005;
const MSG_CMSG_CLOEXEC = 0x40000000;
const SOCK_STREAM_CLOEXEC = 0o2000001;
const TIOCSCTTY = 0x540e;
const TIOCGWINSZ = 0x5413;
const TIOCSWINSZ = 0x5414;
const WINDOW_BYTES = 8;
/** What is no terminal may be anything, and its driver may answer by any of these. */
const noTerminal = [
  "ENOTTY",
  "EINVAL",
  "EBADF",
  "EIO",
  "ENXIO",
  "ENODEV",
  "EPERM",
  "EACCES",
  "ENOSYS",
  "EOPNOTSUPP",
] as const;

/** A channel on which the container hands the master of its terminal to the keeper, or to who listens at a socket. */
export interface TerminalChannel {
  /** Absent: the other end is the caller's, not the keeper's. */
  readonly keeperEnd?: Load;
  readonly containerEnd: Result;
}

/** What the terminal gets besides being there. */
export interface TerminalOptions {
  /** Characters. */
  readonly size?: { readonly height: number; readonly width: number } | undefined;
  /** User id: the program may open its terminal again by its path. */
  readonly owner: number;
}

/** Makes the channel, before the container's process is cloned. */
export function openTerminalChannel(keeper: List): Required<TerminalChannel> {
  keeper.step(
    "channel for the terminal",
    "the terminal is made inside the container; its other end belongs to the keeper",
    () => "#   not needed here",
  );
  const pair = new Memory(8);
  keeper.call("socketpair", AF_UNIX, SOCK_SEQPACKET_CLOEXEC, 0, pair);
  return { keeperEnd: keeper.load(pair, 0), containerEnd: keeper.load(pair, 4) };
}

/** Connects to the socket at which the caller waits for the terminal's master (`--console-socket` of runc). */
export function openConsoleSocket(keeper: List, path: string): TerminalChannel {
  keeper.step("the caller's socket", "whoever listens there gets the other end of the terminal");
  return { containerEnd: connectSocket(keeper, path) };
}

/** A connection to a unix socket of the host's. */
export function connectSocket(keeper: List, path: string, about = path): Call {
  const name = new TextEncoder().encode(path);
  if (name.length > 107) {
    throw new HuskError("invalid", `the path of the socket ${path} is longer than 107 bytes`, {
      hint: "unix(7) takes no longer ones",
    });
  }
  const address = new Uint8Array(110);
  address[0] = AF_UNIX;
  address.set(name, 2);
  const socket = keeper.call("socket", AF_UNIX, SOCK_STREAM_CLOEXEC, 0);
  keeper.call("connect", socket, address, name.length + 3).about(about);
  return socket;
}

/** Sends a descriptor to whoever is at the other end of a socket, with a name for it. */
export function sendDescriptor(list: List, socket: Result, descriptor: Result, name: string): void {
  const { header, control } = descriptorMessage(name);
  list.store(descriptor, control, DESCRIPTOR_AT);
  list.call("sendmsg", socket, header, 0).expect(name.length).about(name);
}

/** In the container: sends the master away and makes `slave` the controlling terminal on 0, 1 and 2. */
export function takeTerminal(
  list: List,
  channel: TerminalChannel,
  { master, slave }: { readonly master: Call; readonly slave: Call },
  { size, owner }: TerminalOptions,
): void {
  list.step(
    "controlling terminal",
    "Ctrl-C, job control and the window size work as on any terminal",
    () => "#   script(1) makes it, at the end",
  );
  if (size !== undefined && size.height > 0 && size.width > 0) {
    const window = new Uint8Array(Uint16Array.of(size.height, size.width, 0, 0).buffer);
    list.call("ioctl", slave, TIOCSWINSZ, window).about(`a terminal of ${size.width} × ${size.height}`);
  } else if (channel.keeperEnd !== undefined) {
    takeSize(list, slave);
  }
  sendDescriptor(list, channel.containerEnd, master, "/dev/ptmx");
  if (owner !== 0) list.call("fchown", slave, owner, -1).accept("EINVAL", "EPERM").about("the terminal");
  list.call("ioctl", slave, TIOCSCTTY, 0);
  list.call("dup3", slave, 0, 0);
  list.call("dup3", slave, 1, 0);
  list.call("dup3", slave, 2, 0);
}

/**
 * The size of the caller's terminal, from its input or else its output, where one of them is a terminal. The keeper
 * sees to later changes; the program may ask before the keeper has looked for the first time.
 */
function takeSize(list: List, slave: Call): void {
  const window = new Memory(WINDOW_BYTES);
  const ask = (fd: number): Call => list.call("ioctl", fd, TIOCGWINSZ, window).accept(...noTerminal);
  const input = ask(0);
  list.when(input, "failed", () => void ask(1));
  list.call("ioctl", slave, TIOCSWINSZ, window).about("the size of the caller's terminal");
}

/** In the keeper: waits for the terminal's master. */
export function receiveTerminal(keeper: List, channel: Required<TerminalChannel>): Load {
  keeper.step(
    "receive the terminal",
    "what is typed goes in here and what is printed comes out",
    () => "#   not needed here",
  );
  keeper.call("close", channel.containerEnd);
  const { header, control } = descriptorMessage("/dev/ptmx");
  keeper
    .call("recvmsg", channel.keeperEnd, header, MSG_CMSG_CLOEXEC)
    .expect("/dev/ptmx".length)
    .about("the container's terminal");
  return keeper.load(control, DESCRIPTOR_AT);
}
