import { type Call, KillAll, type List, Memory, quote } from "../plan/index.ts";
import { AT_FDCWD, AT_REMOVEDIR, O_CLOEXEC, O_WRONLY } from "./flags.ts";
import { type Group, groupWith } from "./group.ts";
import { LEFT_EXPORT, OOM_EXPORT } from "./outcome.ts";

/** Processes need a moment to end, and what a container started below its group another. */
const PATIENCE_MS = 2000;

/**
 * Operations that remove the container's groups after its end.
 *
 * The count of out-of-memory kills is read before; it goes with the group. Where the container could
 * make groups of its own below, {@link removeGroups} has to follow. Groups that are not the
 * container's own (`mine` negative: the launch failed because they existed) are left alone.
 *
 * @param kill end what still runs in the group; needed where no pid namespace ends with pid 1
 */
export function removeGroupsSteps(
  cleanup: List,
  groups: readonly Group[],
  { mine, kill, exports }: { mine: Memory; kill: boolean; exports: Map<string, Memory> },
): void {
  const first = groups[0];
  if (first === undefined) return;
  const left = new Memory(4);
  exports.set(LEFT_EXPORT, left);
  cleanup.step("remove the control groups", "nothing of the container stays behind", () =>
    removalShell(groups, kill),
  );
  cleanup.when(cleanup.load(mine, 0), "succeeded", () => {
    readOutOfMemory(cleanup, groups, exports);
    if (kill) killAll(cleanup, first);
    const remove = (path: string, patience: number): Call =>
      cleanup.call("unlinkat", AT_FDCWD, path, AT_REMOVEDIR).retry(patience);
    for (let i = 0; i < groups.length; i++) {
      const { path, removable } = groups[i] as Group;
      const removed = remove(path, i === 0 ? PATIENCE_MS : 100);
      if (i === 0) cleanup.store(removed, left, 0);
      for (let parent = removable.length - 1; parent >= 0; parent--)
        cleanup.call("unlinkat", AT_FDCWD, removable[parent] as string, AT_REMOVEDIR);
    }
    // Nobody may be there to do it later: once more, when the others are gone.
    cleanup.when(cleanup.load(left, 0), "failed", () =>
      cleanup.store(remove(first.path, PATIENCE_MS), left, 0),
    );
  });
}

/** Processes need a moment to end. */
function removalShell(groups: readonly Group[], kill: boolean): string {
  const [first] = groups;
  const lines: string[] = [];
  if (kill && first !== undefined) {
    lines.push(
      `while read -r pid && kill -KILL "$pid"; do :; done < ${quote(`${first.path}/cgroup.procs`)} 2> /dev/null`,
    );
  }
  lines.push("for attempt in 1 2 3 4 5 6 7 8 9; do");
  for (const { path } of groups) lines.push(`  rmdir ${quote(path)} 2> /dev/null`);
  if (first !== undefined) lines.push(`  [ -d ${quote(first.path)} ] || break`, "  sleep 0.1");
  lines.push("done");
  // The deepest first; one that another container uses stays.
  for (const { removable } of groups)
    for (const path of removable.toReversed()) lines.push(`rmdir ${quote(path)} 2> /dev/null`);
  return lines.join("\n");
}

function readOutOfMemory(cleanup: List, groups: readonly Group[], exports: Map<string, Memory>): void {
  const group = groupWith(groups, "memory");
  if (group === undefined) return;
  const file = group.hierarchy.version === 1 ? "memory.oom_control" : "memory.events";
  const text = new Memory(256);
  exports.set(OOM_EXPORT, text);
  const fd = cleanup.call("openat", AT_FDCWD, `${group.path}/${file}`, O_CLOEXEC, 0);
  cleanup.call("read", fd, text, 255);
}

function killAll(cleanup: List, group: Group): void {
  if (group.hierarchy.version === 2) {
    const fd = cleanup.call("openat", AT_FDCWD, `${group.path}/cgroup.kill`, O_WRONLY | O_CLOEXEC, 0);
    cleanup.call("write", fd, "1", 1);
  } else
    cleanup.add(new KillAll(cleanup.call("openat", AT_FDCWD, `${group.path}/cgroup.procs`, O_CLOEXEC, 0)));
}
