import { capHeader, type List, Memory } from "../plan/index.ts";

const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_RAISE = 2;
/** Capabilities there may be; the kernel refuses numbers it does not have. */
const MOST = 64;

/** Makes every permitted capability ambient, so that it outlives execve(2) of another user than root (capabilities(7)). */
export function keepCapabilities(list: List): void {
  list.step(
    "keep capabilities",
    "execve takes them from everybody but root, unless they are ambient",
    () => "# setpriv --inh-caps +all --ambient-caps +all",
  );
  const header = capHeader();
  const data = new Memory(24);
  list.call("capget", header, data);
  list.store(list.load(data, 4, "u32"), data, 8);
  list.store(list.load(data, 16, "u32"), data, 20);
  list.call("capset", header, data);
  for (let number = 0; number < MOST; number++) {
    list.call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0).accept("EINVAL", "EPERM");
  }
}
