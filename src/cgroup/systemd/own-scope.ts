import { isWritable } from "../group.ts";
import { type Layout, readLayout } from "../layout.ts";
import { connectManager, type Manager } from "./manager.ts";
import type { Property } from "./properties.ts";

/** Properties of a scope that is left to husk: systemd keeps out of it, and forgets it when it is empty. */
export function delegated(description: string): Property[] {
  return [
    ["Description", { type: "s", value: description }],
    ["Delegate", { type: "b", value: true }],
    ["DefaultDependencies", { type: "b", value: false }],
    ["CollectMode", { type: "s", value: "inactive-or-failed" }],
    ...["MemoryAccounting", "CPUAccounting", "IOAccounting", "TasksAccounting"].map(
      (name): Property => [name, { type: "b", value: true }],
    ),
  ];
}

/**
 * Moves this process into a scope of its own that the user's systemd hands over whole: from then on, an ordinary user
 * can make groups and limit them below the one this process is in. What it starts is in there too.
 *
 * @returns the control groups as they are then
 * @throws HuskError "unavailable" when the user has no systemd; "failed" when it will not
 */
export async function enterDelegatedScope(uid: number): Promise<Layout> {
  const manager = await connectManager(true, uid);
  try {
    await startOwnScope(manager);
  } finally {
    manager.close();
  }
  return readLayout();
}

/**
 * Moves this process below the user's systemd unless it is there: who is outside can put no process into a group in
 * there, since nobody but root may write the groups above both (cgroup-v2.rst, "Delegation Containment").
 *
 * @param group the group below the top
 */
export async function reachGroup(manager: Manager, layout: Layout, group: string): Promise<void> {
  for (const { version, mount, own } of layout.hierarchies) {
    if (version !== 2) continue;
    const above = commonParent(own ?? "/", group);
    if (!isWritable(`${mount}${above}/cgroup.procs`)) await startOwnScope(manager);
  }
}

async function startOwnScope(manager: Manager): Promise<void> {
  await manager.startScope(`husk-${process.pid}.scope`, process.pid, delegated("husk"));
}

function commonParent(one: string, other: string): string {
  const [left, right] = [one.split("/"), other.split("/")];
  let same = 0;
  while (same < left.length && left[same] === right[same]) same++;
  return left.slice(0, same).join("/");
}
