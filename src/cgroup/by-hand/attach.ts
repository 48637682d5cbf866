import { type List, quote } from "../../plan/index.ts";
import { AT_FDCWD, O_CLOEXEC, O_WRONLY } from "../flags.ts";
import type { Group } from "../group.ts";

/**
 * Steps that move processes, with all their threads, into a group (cgclassify(1)).
 *
 * @param lenient pass over processes that have ended, and kernel threads, which cannot be moved
 */
export function attachProcesses(
  list: List,
  places: readonly Group[],
  pids: readonly number[],
  lenient: boolean,
): void {
  for (const { path } of places) {
    const file = `${path}/cgroup.procs`;
    list.step(
      `into ${path}`,
      "a process is in exactly one group of a hierarchy: it leaves the one it was in",
      () =>
        pids.length === 1
          ? `echo ${pids[0]} > ${quote(file)}`
          : `for pid in ${pids.join(" ")}; do echo $pid > ${quote(file)}${lenient ? " || true" : ""}; done`,
    );
    const fd = list.call("openat", AT_FDCWD, file, O_WRONLY | O_CLOEXEC, 0).about(file);
    for (const pid of pids) {
      const text = `${pid}`;
      const write = list.call("write", fd, text, text.length).about(`process ${pid} into "${path}"`);
      if (lenient) write.accept("ESRCH", "EINVAL");
    }
  }
}

/** What to do when the kernel does not let a process into a group, by errno. */
export const attachHints: Readonly<Record<string, string>> = {
  ESRCH: "no process has that number (any more): ps -e lists them",
  EBUSY:
    "a v2 group that hands controllers to groups below it holds no processes itself: name one of those below",
  ENOSPC: "its cpuset is empty: husk cgroup set NAME cpuset.cpus=0 cpuset.mems=0",
  EOPNOTSUPP:
    "the v2 group is threaded, or lies in a threaded one: it takes threads (cgroup.threads), not processes",
  EINVAL:
    "kernel threads, and processes with real-time priority where the group has no real-time budget, cannot be moved",
  EACCES:
    "an ordinary user needs write access to the group, and in v2 to the nearest group above both the old and the new one",
  EPERM: "the process belongs to another user",
};
