import { isWritable } from "../group.ts";
import { readLayout } from "../layout.ts";
import { connectManager } from "./manager.ts";
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
 * can make groups and limit them below the one this process is in.
 *
 * @throws HuskError "unavailable" when the user has no systemd; "failed" when it will not
 */
export async function enterDelegatedScope(uid: number): Promise<void> {
  const manager = await connectManager(true, uid);
  try {
    await manager.startScope(`husk-${process.pid}.scope`, process.pid, delegated("husk"));
  } finally {
    manager.close();
  }
}

/**
 * Moves this process to where it may put processes into a group that this user's systemd manages: who is outside of
 * that cannot, since nobody but root may write the groups above both (cgroup-v2.rst, "Delegation Containment").
 *
 * @param folder absolute path of the v2 group
 */
export async function reachUserGroup(folder: string, uid: number): Promise<void> {
  const unified = readLayout().hierarchies.find(({ version }) => version === 2);
  if (unified === undefined) return;
  const { mount, own = "/" } = unified;
  const above = commonParent(own, folder.slice(mount.length));
  if (!isWritable(`${mount}${above}/cgroup.procs`)) await enterDelegatedScope(uid);
}

function commonParent(one: string, other: string): string {
  const [left, right] = [one.split("/"), other.split("/")];
  let same = 0;
  while (same < left.length && left[same] === right[same]) same++;
  return left.slice(0, same).join("/");
}
