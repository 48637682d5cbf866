import {
  type Call,
  Check,
  Clone,
  CLONE_ARGS_CGROUP,
  cloneArgs,
  DESCRIPTOR_AT,
  descriptorMessageOf,
  Exec,
  List,
  Memory,
  type Result,
  setHighFlag,
  Wait,
} from "../../plan/index.ts";
import { programPaths } from "../program-paths.ts";
import { encodeMessage } from "./protobuf.ts";
import { type Kind, kinds } from "./request.ts";

const AF_UNIX = 1;
const SOCK_SEQPACKET_CLOEXEC = 0o2000005;
const MSG_CMSG_CLOEXEC = 0x40000000;
const FUTEX_CMP_REQUEUE_PRIVATE = 4 | 128;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const CLONE_INTO_CGROUP_BIT = 33;
const ANSWER_BYTES = 4096;
/** More than criu 4 has points at which it tells how far it is. */
const MOST_NOTIFICATIONS = 24;
/** Bytes of `struct msghdr` before msg_controllen, of which the kernel leaves 24 when a descriptor came. */
const CONTROL_WITH_DESCRIPTOR = 24;

/** Name of criu's last answer among a plan's exports. */
export const CRIU_ANSWER = "criu.answer";

/** A conversation with `criu swrk` (criu.org/RPC). */
export interface Conversation {
  readonly kind: Kind;
  readonly request: Uint8Array;
  /** criu's own path or name. */
  readonly program: string;
  /** The number, below those that exec closes, at which criu finds its end of the socket. */
  readonly socketAt: number;
  /** A descriptor of the v2 group in which criu, and with it what it restores, is born. */
  readonly cloneInto?: Call | undefined;
  /** Adds what criu's process does before it becomes criu. */
  readonly before?: (list: List) => void;
}

/**
 * Appends a conversation with criu: the request, an agreement to each notification, the answer, which has to be that it
 * succeeded. Afterwards criu has ended.
 *
 * @returns memory whose first four bytes are the descriptor of a terminal's other end, if criu has handed one over
 */
export function converseWithCriu(
  keeper: List,
  exports: Map<string, Memory>,
  conversation: Conversation,
): Memory {
  const { kind, request, program, socketAt, cloneInto, before } = conversation;
  keeper.step(`criu: ${kind}`, "it freezes processes into files, and makes processes of them again");
  const pair = new Memory(8);
  keeper.call("socketpair", AF_UNIX, SOCK_SEQPACKET_CLOEXEC, 0, pair);
  const [socket, theirs] = [keeper.load(pair, 0), keeper.load(pair, 4)];
  const criu = new List("criu");
  criu.step("become criu", "it is told what to do through a socket");
  criu.call("prctl", PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  before?.(criu);
  criu.step("execute criu", "on its own ground");
  criu.call("dup3", theirs, socketAt, 0);
  const env = [`PATH=${process.env.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin"}`];
  criu.add(new Exec(programPaths(program, env), [program, "swrk", `${socketAt}`], env)).object =
    `"${program}"`;
  const args = cloneArgs(0);
  if (cloneInto !== undefined) {
    setHighFlag(args, CLONE_INTO_CGROUP_BIT);
    keeper.store(cloneInto, args, CLONE_ARGS_CGROUP, "u64");
  }
  const pid = keeper.add(new Clone(args, criu));
  keeper.call("close", theirs);
  keeper.call("sendto", socket, request, request.length, 0, null, 0).expect(request.length).about("criu");

  const answer = new Memory(ANSWER_BYTES);
  exports.set(CRIU_ANSWER, answer);
  const terminal = new Memory(4);
  const agreement = encodeMessage({ 1: kinds.notify, 3: true });
  let control = receive(keeper, socket, answer);
  for (let i = 0; i < MOST_NOTIFICATIONS; i++) {
    const notified = equals(keeper, answer, answerWord(kinds.notify));
    const { length, cell } = control;
    keeper.when(notified, "succeeded", () => {
      const came = equals(keeper, length, CONTROL_WITH_DESCRIPTOR);
      keeper.when(came, "succeeded", () => {
        keeper.store(keeper.load(cell, DESCRIPTOR_AT), terminal, 0);
      });
      keeper.call("sendto", socket, agreement, agreement.length, 0, null, 0).expect(agreement.length);
      control = receive(keeper, socket, answer);
    });
  }
  keeper.add(new Check(answer, 0, "u32", answerWord(kinds[kind]), "EIO")).object = "criu";
  keeper.call("close", socket);
  if (kind === "preDump") {
    // It would like to be asked for the dump as well, and says so with its status.
    keeper.call("wait4", pid, null, 0, null);
  } else keeper.add(new Wait(pid, 0)).object = "criu";
  return terminal;
}

/** The first bytes of an answer: of which kind it is, and that it is a good one. */
function answerWord(kind: number): number {
  return (kind << 8) | 0x01100008;
}

function receive(keeper: List, socket: Result, answer: Memory): { length: Memory; cell: Memory } {
  const { header, control } = descriptorMessageOf([answer]);
  keeper.call("recvmsg", socket, header, MSG_CMSG_CLOEXEC).about("criu");
  // msg_controllen stands at 40 of struct msghdr.
  const length = new Memory(4);
  keeper.store(keeper.load(header, 40, "u32"), length, 0);
  return { length, cell: control };
}

/** Succeeds if memory begins with this number: the one comparison among system calls (futex(2)). */
function equals(keeper: List, memory: Memory, value: number): Result {
  return keeper.call("futex", memory, FUTEX_CMP_REQUEUE_PRIVATE, 0, 0, new Memory(8), value).accept("EAGAIN");
}
