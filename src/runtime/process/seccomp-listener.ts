import {
  Clone,
  cloneArgs,
  DESCRIPTOR_AT,
  descriptorMessage,
  descriptorMessageOf,
  IOVEC_BYTES,
  List,
  Memory,
  type Result,
  Wait,
} from "../../plan/index.ts";
import { type LinuxSeccomp, type LoadableSeccomp, loadSeccomp, notifies } from "../../security/index.ts";
import { SPEC_VERSION } from "../spec-version.ts";
import type { HookState } from "./hooks.ts";
import { type Gate, openPipe } from "./pipes.ts";
import { connectSocket } from "./terminal.ts";

const AF_UNIX = 1;
const SOCK_SEQPACKET_CLOEXEC = 0o2000005;
const MSG_CMSG_CLOEXEC = 0x40000000;
const CLONE_FILES = 0x400;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const PID_BYTES = 12;

/** Who is asked about system calls with SCMP_ACT_NOTIFY (config-linux.md, "Seccomp"). */
export interface SeccompListener {
  /** Absolute path of a unix socket. */
  readonly path: string;
  readonly metadata?: string | undefined;
}

/** The listener that a profile names; a relative path counts from the bundle. */
export function listenerOf(seccomp: LinuxSeccomp, bundle: string): SeccompListener | undefined {
  const { listenerPath, listenerMetadata: metadata } = seccomp;
  if (!listenerPath) return undefined;
  const path = listenerPath.startsWith("/") ? listenerPath : `${bundle}/${listenerPath}`;
  return { path, ...(metadata ? { metadata } : {}) };
}

/** What a listener is told of the process that is filtered (config-linux.md, "The Container Process State"). */
export interface ListenerState {
  /** Of the filtered process. */
  readonly pid: Result;
  readonly metadata: string | undefined;
  readonly container: HookState;
  readonly status: "creating" | "running";
  /** Of the container's first process; absent: the filtered process is that one. */
  readonly containerPid?: number;
}

/**
 * The way of a filter's listener out of the container. The descriptor comes to be in a process whose next calls may
 * have to be answered by who gets it; so another one, without the filter and with the same table of descriptors, is
 * told its number through a pipe and hands it on. `write` is therefore the one call that cannot be notified of.
 */
export interface ListenerWay {
  /** In the container's list, before it gives anything up and before the filter. */
  prepare(list: List, channel: Result): void;
  /** In the container's list: the filter, after which everything is filtered. */
  load(list: List, seccomp: LoadableSeccomp): void;
  /** In the keeper's list: passes the descriptor on to who listens. */
  passOn(keeper: List, state: ListenerState): void;
  /** The container's end of the channel: it has to be kept open until {@link prepare}. */
  readonly channel: Result;
}

/** Connects to the listener of a filter; undefined if the filter has none. */
export function openListenerWay(
  keeper: List,
  seccomp: LoadableSeccomp | undefined,
  listener: SeccompListener | undefined,
): ListenerWay | undefined {
  if (seccomp === undefined || listener === undefined || !notifies(seccomp)) return undefined;
  keeper.step(
    "the seccomp agent's socket",
    "whoever listens there is asked about some of the program's calls",
  );
  const agent = connectSocket(keeper, listener.path, `seccomp agent ${listener.path}`);
  const pair = new Memory(8);
  keeper.call("socketpair", AF_UNIX, SOCK_SEQPACKET_CLOEXEC, 0, pair);
  const [outside, channel] = [keeper.load(pair, 0), keeper.load(pair, 4)];
  let way: { numbers: Gate; courier: Result } | undefined;
  return {
    channel,
    prepare(list, kept) {
      list.step(
        "a courier for the filter's listener",
        "it shares the descriptors, and is not filtered itself",
      );
      const numbers = openPipe(list);
      const courier = courierList(numbers, kept);
      way = { numbers, courier: list.add(new Clone(cloneArgs(CLONE_FILES), courier)) };
    },
    load(list, filter) {
      const number = loadSeccomp(list, filter);
      if (way === undefined || number === undefined) return;
      list.call("write", way.numbers.write, number, 4).expect(4).about("the courier, which is gone");
      list.add(new Wait(way.courier, 0)).object = "the courier of the seccomp agent";
    },
    passOn(keeper, state) {
      keeper.step(
        "hand over the filter's listener",
        "together with what the agent has to know of the process",
      );
      keeper.call("close", channel);
      const received = descriptorMessage();
      keeper
        .call("recvmsg", outside, received.header, MSG_CMSG_CLOEXEC)
        .expect(1)
        .about("the filter's listener, which did not come");
      const fd = keeper.load(received.control, DESCRIPTOR_AT);
      const { header, control } = stateMessage(keeper, state);
      keeper.store(fd, control, DESCRIPTOR_AT);
      keeper.call("sendmsg", agent, header, 0).about(`seccomp agent ${listener.path}`);
      for (const descriptor of [fd, agent, outside]) keeper.call("close", descriptor);
    },
  };
}

function courierList(numbers: Gate, channel: Result): List {
  const list = new List("courier");
  list.step("carry the listener out", "by a number that the filtered process writes");
  list.call("prctl", PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  const { header, control } = descriptorMessage();
  const number = new Memory(4);
  list.call("read", numbers.read, number, 4).expect(4).about("the filtered process, which is gone");
  const fd = list.load(number, 0);
  list.store(fd, control, DESCRIPTOR_AT);
  list.call("sendmsg", channel, header, 0).expect(1).about("the filter's listener");
  // The table is shared: nothing of it is left for the program, not even until exec.
  for (const descriptor of [fd, numbers.read, numbers.write, channel]) list.call("close", descriptor);
  return list;
}

/** The state as JSON in one message: the process ids become known in the keeper only, and have no fixed length. */
function stateMessage(keeper: List, state: ListenerState): ReturnType<typeof descriptorMessageOf> {
  const { container, status, metadata, containerPid } = state;
  const { bundle, annotations, ...rest } = container;
  const head = JSON.stringify({ ociVersion: SPEC_VERSION, fds: ["seccompFd"] });
  const more = metadata ? `,"metadata":${JSON.stringify(metadata)}` : "";
  const inner = JSON.stringify({ ...rest, status }).slice(0, -1);
  const tail = JSON.stringify({ bundle, ...(annotations === undefined ? {} : { annotations }) }).slice(1);
  const digits = new Memory(PID_BYTES);
  const length = keeper.store(state.pid, digits, 0, "decimal");
  const second = containerPid === undefined ? digits : `${containerPid}`;
  const parts = [
    `${head.slice(0, -1)},"pid":`,
    digits,
    `${more},"state":${inner},"pid":`,
    second,
    `,${tail}}`,
  ];
  const message = descriptorMessageOf(parts);
  parts.forEach((part, i) => {
    if (part === digits) keeper.store(length, message.iov, IOVEC_BYTES * i + IOVEC_BYTES / 2, "u64");
  });
  return message;
}
