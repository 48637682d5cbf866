import type { List } from "../../plan/index.ts";

const PR_SET_DUMPABLE = 4;

/**
 * Until it executes a program, nobody but the machine's own root looks into this process or its children: not with
 * ptrace(2), and not at its memory and descriptors below /proc, where the host's files are in reach (prctl(2),
 * "PR_SET_DUMPABLE"). On its way into a container it has that one's rights already, and may be seen by others in
 * namespaces it joins (CVE-2016-9962).
 */
export function refuseInspection(list: List): void {
  list.step(
    "nobody looks in",
    "the process that becomes the container has the host's files at hand while it is set up",
    () => "#   not possible in a shell: it would have to be forbidden between clone(2) and execve(2)",
  );
  list.call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0);
}
