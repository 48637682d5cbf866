import {
  type Call,
  DESCRIPTOR_AT,
  descriptorMessage,
  type List,
  type Load,
  Memory,
} from "../../plan/index.ts";

const AF_UNIX = 1;
const SOCK_SEQPACKET_CLOEXEC = 0o2000005;
const MSG_CMSG_CLOEXEC = 0x40000000;
const TIOCSCTTY = 0x540e;

/** A channel on which the container hands the master of its terminal to the keeper. */
export interface TerminalChannel {
  readonly keeperEnd: Load;
  readonly containerEnd: Load;
}

/** Makes the channel, before the container's process is cloned. */
export function openTerminalChannel(keeper: List): TerminalChannel {
  keeper.step(
    "channel for the terminal",
    "the terminal is made inside the container; its other end belongs to the keeper",
    () => "#   not needed here",
  );
  const pair = new Memory(8);
  keeper.call("socketpair", AF_UNIX, SOCK_SEQPACKET_CLOEXEC, 0, pair);
  return { keeperEnd: keeper.load(pair, 0), containerEnd: keeper.load(pair, 4) };
}

/** In the container: sends the master away and makes `slave` the controlling terminal on 0, 1 and 2. */
export function takeTerminal(list: List, channel: TerminalChannel, master: Call, slave: Call): void {
  list.step(
    "controlling terminal",
    "Ctrl-C, job control and the window size work as on any terminal",
    () => "#   script(1) makes it, at the end",
  );
  const { header, control } = descriptorMessage();
  list.store(master, control, DESCRIPTOR_AT);
  list.call("sendmsg", channel.containerEnd, header, 0).expect(1);
  list.call("ioctl", slave, TIOCSCTTY, 0);
  list.call("dup3", slave, 0, 0);
  list.call("dup3", slave, 1, 0);
  list.call("dup3", slave, 2, 0);
}

/** In the keeper: waits for the terminal's master. */
export function receiveTerminal(keeper: List, channel: TerminalChannel): Load {
  keeper.step("receive the terminal", "what is typed goes in here and what is printed comes out", () =>
    "#   not needed here",
  );
  keeper.call("close", channel.containerEnd);
  const { header, control } = descriptorMessage();
  keeper
    .call("recvmsg", channel.keeperEnd, header, MSG_CMSG_CLOEXEC)
    .expect(1)
    .about("the container's terminal");
  return keeper.load(control, DESCRIPTOR_AT);
}
