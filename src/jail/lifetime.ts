import type { List } from "../plan/index.ts";

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/** The keeper dies with husk (prctl(2)), whose process id is `pid`; what dies with the keeper dies too. */
export function keeperDiesWithCaller(keeper: List, pid: number): void {
  keeper.call("prctl", PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  keeper.call("getppid").expect(pid).about(`husk's process ${pid}, which is gone`);
}
