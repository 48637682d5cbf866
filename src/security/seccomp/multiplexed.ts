import { addCondition, type CallTable, type Verdict } from "./call-table.ts";

/** linux/net.h: SYS_SOCKET is 1 and so on. */
const socketCalls =
  "socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom " +
  "shutdown setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg";

/** linux/ipc.h: SEMOP is 1 and so on; "-" is a hole. */
const ipcCalls =
  "semop semget semctl semtimedop - - - - - - msgsnd msgrcv msgget msgctl - - - - - - shmat shmdt shmget shmctl";

const socketcall = 102;
const ipc = 117;

let codes: Map<string, number> | undefined;

/**
 * i386 reaches the socket and System V IPC calls in a second way: through socketcall(2) and ipc(2), whose first
 * argument says which call is meant and whose other arguments lie in memory, where no filter can look. Adds a
 * rule for such a call to the second way.
 */
export function addMultiplexed(table: CallTable, name: string, value: number, verdicts: Verdict[]): void {
  const code = (codes ??= readCodes()).get(name);
  if (code === undefined) return;
  const condition = {
    index: 0,
    operator: "SCMP_CMP_MASKED_EQ",
    // ipc(2) keeps a version in the high half of its first argument.
    low: code < 0 ? 0xffff : 0xffffffff | 0,
    high: 0,
    twoLow: Math.abs(code),
    twoHigh: 0,
  };
  addCondition(table, code < 0 ? ipc : socketcall, value, [condition], verdicts);
}

/** Codes of socketcall(2) by name, those of ipc(2) negative. */
function readCodes(): Map<string, number> {
  const table = new Map<string, number>();
  const sockets = socketCalls.split(" ");
  for (let i = 0; i < sockets.length; i++) table.set(sockets[i]!, i + 1);
  const ipcs = ipcCalls.split(" ");
  for (let i = 0; i < ipcs.length; i++) table.set(ipcs[i]!, -(i + 1));
  return table;
}
