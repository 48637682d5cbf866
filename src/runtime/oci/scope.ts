import { existsSync, writeFileSync } from "node:fs";
import { type LinuxResources, readLayout } from "../../cgroup/index.ts";
import {
  annotatedProperties,
  connectManager,
  delegated,
  type Manager,
  reachUserGroup,
  resourceProperties,
  unitName,
} from "../../cgroup/systemd/index.ts";
import { installKeeper } from "../../platform/keeper-file.ts";
import type { KeeperProcess } from "../../platform/keeper-process.ts";
import { List, Memory } from "../../plan/index.ts";
import type { Spec } from "../config.ts";
import { readHostFacts } from "../host-facts.ts";
import { launch } from "../launch.ts";
import type { Runtime } from "./create.ts";
import type { ContainerState } from "./state.ts";

const LOOK_MS = 1;

/** A systemd scope made for a container that is being created. */
export interface Scope {
  readonly unit: string;
  /** It is the user's own systemd's. */
  readonly ofUser: boolean;
  /** Its group below the top of each hierarchy. */
  readonly group: string;
  /** The container's processes are in it: what kept it until then ends, and the limit of processes is as asked. */
  settle(): Promise<void>;
  /** Waits until `file` is there or `end` has come, and settles. */
  settleAfter(file: string, end: Promise<unknown>): Promise<void>;
  /** Ends it, with everything in it. */
  stop(): Promise<void>;
}

/**
 * Has systemd make a scope for a container. No scope can be empty, so a small process keeps it until the container's
 * first one is born in its group; it ends with husk.
 *
 * @throws HuskError "unavailable" without systemd, "conflict" when the unit exists; nothing is left then
 */
export async function openScope(runtime: Runtime, id: string, spec: Spec): Promise<Scope> {
  const host = readHostFacts();
  const ofUser = !host.privileged || host.nested;
  const { slice, unit } = unitName(spec.linux.cgroupsPath, id, ofUser);
  const resources = spec.linux.resources ?? {};
  const manager = await connectManager(ofUser, host.uid);
  let keeping: KeeperProcess | undefined;
  try {
    keeping = await startKeeping(runtime);
    const group = await manager.startScope(unit, keeping.pid, [
      ["Slice", { type: "s", value: slice }],
      ...delegated(`husk container ${id}`),
      ...resourceProperties(resources),
      ...annotatedProperties(spec.annotations),
    ]);
    const layout = readLayout();
    for (const { version, mount } of layout.hierarchies)
      if (ofUser && version === 2) await reachUserGroup(`${mount}${group}`, host.uid);
    const limit = resources.pids?.limit ?? 0;
    const folders = layout.hierarchies.map(({ mount }) => `${mount}${group}`);
    return scopeOf(manager, { unit, ofUser, group }, keeping, () => {
      if (limit <= 0) return;
      for (const folder of folders)
        if (existsSync(`${folder}/pids.max`)) writeFileSync(`${folder}/pids.max`, `${limit}`);
    });
  } catch (error) {
    if (keeping !== undefined) await stopKeeping(keeping);
    manager.close();
    throw error;
  }
}

/** A keeper that waits for the other end of its input to be closed, as husk's death does. */
async function startKeeping(runtime: Runtime): Promise<KeeperProcess> {
  const keeper = new List("keeper");
  keeper.step("keep the scope", "until the container is in it");
  keeper.call("read", 0, new Memory(1), 1);
  const launched = await launch(
    { keeper, cleanup: new List("afterwards"), exports: new Map() },
    {
      keeper: installKeeper(runtime.keeper, runtime.keeperFolder),
      id: "scope",
      reportDirectory: runtime.root,
      stdin: "pipe",
      stdout: "ignore",
      stderr: "ignore",
    },
  );
  launched.outcome.catch(() => {});
  return launched.keeper;
}

/** Signals are for containers, and wait until there is one: the end of its input is what it hears. */
async function stopKeeping(keeping: KeeperProcess): Promise<void> {
  await keeping.stdin?.getWriter().close();
  await keeping.ended;
}

function scopeOf(
  manager: Manager,
  { unit, ofUser, group }: Pick<Scope, "unit" | "ofUser" | "group">,
  keeping: KeeperProcess,
  limitProcesses: () => void,
): Scope {
  let settled: Promise<void> | undefined;
  const settle = async (): Promise<void> => {
    await stopKeeping(keeping);
    limitProcesses();
    manager.close();
  };
  const scope: Scope = {
    unit,
    ofUser,
    group,
    settle: () => (settled ??= settle()),
    async settleAfter(file, end) {
      let ended = false;
      const over = (): void => void (ended = true);
      end.then(over, over);
      while (!ended && !existsSync(file)) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      await scope.settle();
    },
    async stop() {
      await scope.settle();
      await stopScope({ unit, ofUser });
    },
  };
  return scope;
}

/** Tells systemd of other limits. */
export async function updateScope(
  { unit, ofUser }: NonNullable<ContainerState["scope"]>,
  resources: LinuxResources,
): Promise<void> {
  const properties = resourceProperties(resources);
  if (properties.length === 0) return;
  const manager = await connectManager(ofUser, readHostFacts().uid);
  try {
    await manager.setProperties(unit, properties);
  } finally {
    manager.close();
  }
}

/** Ends a container's scope, which may be gone. */
export async function stopScope({ unit, ofUser }: NonNullable<ContainerState["scope"]>): Promise<void> {
  const manager = await connectManager(ofUser, readHostFacts().uid);
  try {
    await manager.stop(unit);
  } finally {
    manager.close();
  }
}
