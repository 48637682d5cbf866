import { existsSync, readFileSync, writeFileSync } from "node:fs";
import {
  checkResources as checkRanges,
  type LinuxResources,
  readLayout,
  type ResourceWrite,
  resourceWrites,
} from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { Spec } from "../config.ts";
import { checkResources } from "../validate/resources.ts";
import type { Runtime } from "./create.ts";
import { notRunning } from "./not-running.ts";
import { withLock } from "./lock.ts";
import { type ContainerState, readContainer, writeAtomically } from "./state.ts";

/** Sections of `linux.resources` that can be changed while a container runs. */
const sections = ["memory", "cpu", "pids", "blockIO", "hugepageLimits", "rdma", "unified"] as const;

/**
 * Changes the limits of a container. What a section leaves out stays; if a value is refused, everything is put back.
 *
 * @param asked `linux.resources` as parsed JSON, of which the sections present count; device rules are all exchanged
 * @throws HuskError "conflict": `container not running`; "invalid" for values out of range
 */
export async function updateContainer(runtime: Runtime, id: string, asked: unknown): Promise<void> {
  const { root } = runtime;
  const { files } = readContainer(root, id);
  await withLock(files.lock, async () => {
    const { state, status } = readContainer(root, id);
    if (status === "stopped" || status === "creating") throw notRunning();
    const json = Object(asked) as Record<string, unknown>;
    checkResources(json);
    const spec = JSON.parse(readFileSync(files.config, "utf8")) as Spec;
    const { merged, changed } = merge(spec.linux.resources ?? {}, json as LinuxResources);
    const layout = readLayout();
    checkRanges(changed);
    const groups = state.cgroups?.groups ?? [];
    refuseBelowUsage(changed, groups);
    const { devices } = json as LinuxResources;
    const told = await tellSystemd(state, changed, devices, spec.linux.resources ?? {});
    let undo = (): void => {};
    try {
      undo = writeResources(resourceWrites(changed, layout), groups);
      if (devices !== undefined && state.cgroups !== undefined)
        await (await import("./update-devices.ts")).updateDevices(runtime, state.cgroups, devices);
      const resources = devices === undefined ? merged : { ...merged, devices };
      writeAtomically(files.config, JSON.stringify({ ...spec, linux: { ...spec.linux, resources } }));
    } catch (error) {
      undo();
      await told.undo();
      throw error;
    }
  });
}

/** systemd would put its own values back at its next reload: it learns the new ones first. */
async function tellSystemd(
  { scope }: ContainerState,
  changed: LinuxResources,
  devices: LinuxResources["devices"],
  old: LinuxResources,
): Promise<{ undo(): Promise<void> }> {
  if (scope === undefined) return { undo: async () => {} };
  const { updateScope } = await import("./scope.ts");
  await updateScope(scope, devices === undefined ? changed : { ...changed, devices });
  return { undo: () => updateScope(scope, old) };
}

function merge(
  old: LinuxResources,
  asked: LinuxResources,
): { merged: LinuxResources; changed: LinuxResources } {
  const changed: Record<string, unknown> = {};
  for (const section of sections) {
    const value = asked[section];
    if (value === undefined) continue;
    const before = old[section];
    changed[section] = Array.isArray(value)
      ? value
      : { ...(before as object | undefined), ...withoutZeros(value) };
  }
  return { merged: { ...old, ...changed }, changed: changed as LinuxResources };
}

/** 0 and "" mean "as it is" (runc update(8)). */
function withoutZeros(section: object): object {
  return Object.fromEntries(
    Object.entries(section).filter(([, value]) => value !== 0 && value !== "" && value !== null),
  );
}

/** `checkBeforeUpdate`: no limit that would have processes killed at once. */
function refuseBelowUsage({ memory }: LinuxResources, groups: readonly string[]): void {
  if (memory?.checkBeforeUpdate !== true || (memory.limit ?? 0) <= 0) return;
  const usage = memoryUsage(groups);
  if (usage === undefined || (memory.limit as number) >= usage) return;
  throw new HuskError("invalid", `unable to set memory limit to ${memory.limit} (current usage: ${usage})`, {
    hint: "memory.checkBeforeUpdate forbids limits below what is used",
  });
}

function memoryUsage(groups: readonly string[]): number | undefined {
  for (const group of groups) {
    for (const file of ["memory.usage_in_bytes", "memory.current"]) {
      if (existsSync(`${group}/${file}`)) return Number(readFileSync(`${group}/${file}`, "latin1"));
    }
  }
  return undefined;
}

/**
 * Performs writes, all or none; those refused at first come again after the others, since limits depend on one
 * another. Returns what undoes them.
 */
export function writeResources(writes: readonly ResourceWrite[], groups: readonly string[]): () => void {
  const undo: (readonly [path: string, value: string])[] = [];
  const undoAll = (): void => {
    for (const [path, value] of undo) putBack(path, value);
  };
  let left = writes.map((write) => ({ write, path: fileOf(write, groups) }));
  try {
    for (let turn = 0; left.length > 0; turn++) {
      const refused: typeof left = [];
      for (const entry of left) {
        const before = read(entry.path);
        try {
          writeFileSync(entry.path, entry.write.value);
          if (before !== undefined) undo.unshift([entry.path, before]);
        } catch (cause) {
          if (turn === 1 || left.length === 1) throw refusal(entry.write, entry.path, groups, cause);
          refused.push(entry);
        }
      }
      left = refused;
    }
  } catch (error) {
    undoAll();
    throw error;
  }
  return undoAll;
}

function fileOf({ hierarchy, file, otherwise, object }: ResourceWrite, groups: readonly string[]): string {
  for (const group of groups) {
    if (!group.startsWith(`${hierarchy.mount}/`)) continue;
    if (hierarchy.version === 2 && !existsSync(`${group}/${file}`)) enable(hierarchy.mount, group, file);
    const present = existsSync(`${group}/${file}`) || otherwise === undefined;
    return `${group}/${present ? file : otherwise.file}`;
  }
  throw new HuskError("unavailable", `${object}: the container is in no control group of ${hierarchy.mount}`);
}

/** A v2 group has the controllers that those above it hand down. */
function enable(mount: string, group: string, file: string): void {
  const controller = file.slice(0, file.indexOf("."));
  const parts = group
    .slice(mount.length + 1)
    .split("/")
    .slice(0, -1);
  let path = mount;
  for (const part of ["", ...parts]) {
    if (part !== "") path += `/${part}`;
    putBack(`${path}/cgroup.subtree_control`, `+${controller}`);
  }
}

function putBack(path: string, value: string): void {
  try {
    writeFileSync(path, value);
  } catch {
    // The failure that is reported is the first one.
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1").trim();
  } catch {
    return undefined;
  }
}

function refusal(write: ResourceWrite, path: string, groups: readonly string[], cause: unknown): HuskError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "EBUSY" && write.controller === "memory")
    return new HuskError(
      "invalid",
      `unable to set memory limit to ${write.value} (current usage: ${memoryUsage(groups)})`,
      {
        cause,
        hint: "the kernel could not free enough memory of the container",
      },
    );
  return new HuskError("failed", `${write.object}: cannot write ${write.value} to ${path}: ${message}`, {
    cause,
  });
}
