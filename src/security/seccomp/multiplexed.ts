/**
 * i386 reaches the socket and System V IPC calls in a second way: through socketcall(2) and ipc(2), whose
 * first argument says which one is meant and whose other arguments lie in memory, where no filter can look.
 * A rule for such a call has to hold for the second way too.
 */
export interface Multiplexer {
  readonly number: number;
  readonly name: string;
  /** What the first argument is compared under: ipc(2) keeps a version in the high half. */
  readonly mask: number;
}

const socketcall: Multiplexer = { number: 102, name: "socketcall", mask: 0xffffffff | 0 };
const ipc: Multiplexer = { number: 117, name: "ipc", mask: 0xffff };

/** linux/net.h, SYS_SOCKET = 1 and so on. */
const socketCalls =
  " socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom " +
  "shutdown setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg ";

/** linux/ipc.h, SEMOP = 1 and so on; 0 is a hole. */
const ipcCalls = " semop semget semctl semtimedop 0 0 0 0 0 0 msgsnd msgrcv msgget msgctl 0 0 0 0 0 0 shmat shmdt shmget shmctl ";

let table: Map<string, number> | undefined;

/** The multiplexer that also offers a call on i386, and the first argument that means it. */
export function multiplexed(name: string): { by: Multiplexer; call: number } | undefined {
  table ??= readTable();
  const code = table.get(name);
  if (code === undefined) return undefined;
  return code < 0 ? { by: ipc, call: -code } : { by: socketcall, call: code };
}

function readTable(): Map<string, number> {
  const codes = new Map<string, number>();
  const sockets = socketCalls.trim().split(" ");
  for (let i = 0; i < sockets.length; i++) codes.set(sockets[i]!, i + 1);
  const ipcs = ipcCalls.trim().split(" ");
  for (let i = 0; i < ipcs.length; i++) if (ipcs[i] !== "0") codes.set(ipcs[i]!, -(i + 1));
  return codes;
}
