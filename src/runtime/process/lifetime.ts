import { type Call, type List, pollfd, timespec } from "../../plan/index.ts";

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const POLLIN = 1;

/** A descriptor of the keeper itself, for the container to see whether it is still there. */
export function openSelf(keeper: List): Call {
  keeper.step(
    "live and die together",
    "no part outlives the other: not the container its keeper, nor the keeper its caller",
    () => "#   unshare --kill-child, below, ends the container when its parent is killed",
  );
  const pid = keeper.call("getpid");
  return keeper.call("pidfd_open", pid, 0);
}

/**
 * A descriptor that becomes readable when the caller dies.
 * The caller has to be the parent still: a pid alone could belong to somebody else by now.
 */
export function openCaller(keeper: List, callerPid: number): Call {
  const caller = keeper.call("pidfd_open", callerPid, 0).about(`husk's process ${callerPid}`);
  keeper.call("getppid").expect(callerPid).about(`husk's process ${callerPid}, which is gone`);
  return caller;
}

/**
 * The container dies with its keeper: a signal on the parent's death (prctl(2)), set after the last change of
 * ids because that clears it, and a look whether the keeper died before it was set.
 */
export function dieWithKeeper(list: List, keeperPidfd: Call, signal: number = SIGKILL): void {
  list.step(
    "die with the keeper",
    "a container without its keeper would lose its output and its exit status",
    () => "#   unshare --kill-child does it",
  );
  list.call("prctl", PR_SET_PDEATHSIG, signal, 0, 0, 0);
  const poll = pollfd(POLLIN);
  list.store(keeperPidfd, poll, 0);
  list.call("ppoll", poll, 1, timespec(0), null, 0).expect(0).about("the keeper, which is gone");
}
