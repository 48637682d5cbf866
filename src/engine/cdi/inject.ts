import { statSync } from "node:fs";
import type { LinuxDeviceCgroup } from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { LinuxDevice, Mount } from "../../rootfs/index.ts";
import type { Hook, Hooks, Spec } from "../../runtime/config.ts";
import { deviceNumber } from "../spec/device-number.ts";
import { parseCdiName } from "./device-name.ts";
import { findDevices, readSpecs } from "./registry.ts";
import type { CdiSpec, ContainerEdits, DeviceNode } from "./spec-file.ts";

/**
 * Gives a container devices of vendors: changes its configuration as their files say (Container Device Interface,
 * "OCI Edits"), what a file says of all its devices first, and once.
 *
 * @param names `vendor.com/class=name`
 * @throws HuskError "not-found", "conflict", "invalid"
 */
export function injectDevices(spec: Spec, names: readonly string[], folders?: readonly string[]): void {
  const wanted = names.map((name) => {
    const parsed = parseCdiName(name);
    if (parsed !== undefined) return parsed;
    throw new HuskError("invalid", `device ${name}: neither a path nor vendor.com/class=name`);
  });
  const done = new Set<CdiSpec>();
  for (const { spec: file, device } of findDevices(wanted, readSpecs(folders))) {
    if (!done.has(file) && file.containerEdits !== undefined) edit(spec, file.containerEdits);
    done.add(file);
    edit(spec, device.containerEdits);
  }
}

function edit(spec: Spec, edits: ContainerEdits): void {
  const { process, linux } = spec;
  if (edits.env !== undefined) process.env = withEnv(process.env ?? [], edits.env);
  for (const node of edits.deviceNodes ?? []) addDevice(spec, node);
  if (edits.mounts !== undefined) spec.mounts = withMounts(spec.mounts ?? [], edits);
  for (const { hookName, ...hook } of edits.hooks ?? []) addHook(spec, hookName as keyof Hooks, hook);
  if (edits.additionalGids !== undefined) {
    const gids = new Set([
      ...(process.user.additionalGids ?? []),
      ...edits.additionalGids.filter((gid) => gid !== 0),
    ]);
    process.user = { ...process.user, additionalGids: [...gids] };
  }
  for (const { hostInterfaceName, name } of edits.netDevices ?? [])
    linux.netDevices = { ...linux.netDevices, [hostInterfaceName]: { name } };
  if (edits.intelRdt !== undefined) linux.intelRdt = { ...edits.intelRdt } as typeof linux.intelRdt;
}

/** A later value of a variable replaces an earlier one. */
function withEnv(env: readonly string[], added: readonly string[]): string[] {
  const nameOf = (entry: string): string => entry.slice(0, entry.indexOf("="));
  const names = new Set(added.map(nameOf));
  return [...env.filter((entry) => !names.has(nameOf(entry))), ...added];
}

function withMounts(mounts: readonly Mount[], { mounts: added = [] }: ContainerEdits): Mount[] {
  const places = new Set(added.map(({ containerPath }) => containerPath));
  const kept = mounts.filter(({ destination }) => !places.has(destination));
  const wanted = added.map(
    ({ hostPath, containerPath, options = [], type }): Mount => ({
      destination: containerPath,
      source: hostPath,
      ...(type === undefined || type === "" ? { type: "bind" } : { type }),
      options:
        type === undefined && !options.includes("bind") && !options.includes("rbind")
          ? ["rbind", ...options]
          : options,
    }),
  );
  const depth = ({ destination }: Mount): number => destination.split("/").length;
  return [...kept, ...wanted.toSorted((a, b) => depth(a) - depth(b))];
}

function addHook(spec: Spec, name: keyof Hooks, hook: Hook): void {
  spec.hooks = { ...spec.hooks, [name]: [...(spec.hooks?.[name] ?? []), hook] };
}

function addDevice({ linux }: Spec, node: DeviceNode): void {
  const device = { ...ofHost(node), ...ownersOf(node) };
  linux.devices = [...(linux.devices ?? []).filter(({ path }) => path !== device.path), device];
  if (device.type !== "b" && device.type !== "c") return;
  const { type, major, minor } = device;
  const rule = { allow: true, type, major, minor, access: node.permissions ?? "rwm" } as LinuxDeviceCgroup;
  const resources = linux.resources ?? {};
  linux.resources = { ...resources, devices: [...(resources.devices ?? []), rule] };
}

/** What the file leaves out is as with the device of this machine. */
function ofHost(node: DeviceNode): LinuxDevice {
  const { path, type, major, minor, fileMode } = node;
  if (type !== undefined && (type === "p" || (major !== undefined && minor !== undefined)))
    return {
      type,
      path,
      ...(major === undefined ? {} : { major }),
      ...(minor === undefined ? {} : { minor }),
      ...(fileMode === undefined ? {} : { fileMode }),
    };
  const hostPath = node.hostPath ?? path;
  const stats = statSync(hostPath, { throwIfNoEntry: false });
  if (stats === undefined || !(stats.isCharacterDevice() || stats.isBlockDevice()))
    throw new HuskError("not-found", `CDI device node ${path}: ${hostPath} is no device of this machine`, {
      hint: "the vendor's file is older than the machine: make it anew",
    });
  return {
    type: stats.isBlockDevice() ? "b" : "c",
    path,
    ...deviceNumber(stats.rdev),
    fileMode: fileMode ?? stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
  };
}

function ownersOf({ uid, gid }: DeviceNode): { uid?: number; gid?: number } {
  return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
}
