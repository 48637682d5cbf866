import { readdirSync, statSync } from "node:fs";
import type { LinuxDeviceCgroup } from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { LinuxDevice } from "../../rootfs/index.ts";
import type { DeviceSpec } from "../run-options.ts";
import { deviceNumber } from "./device-number.ts";

/** Device nodes, and the rules that say what may be done with them. */
export interface ChosenDevices {
  readonly devices: LinuxDevice[];
  readonly rules: LinuxDeviceCgroup[];
}

const nothing: LinuxDeviceCgroup = { allow: false, access: "rwm" };
const everything: LinuxDeviceCgroup = { allow: true, access: "rwm" };

/**
 * The devices of `--device`, each a node of the host or a folder of them, and nothing else besides
 * what every container has.
 *
 * @throws HuskError "not-found" or "invalid" when a path names no device
 */
export function chooseDevices(wanted: readonly DeviceSpec[]): ChosenDevices {
  const devices: LinuxDevice[] = [];
  const rules = [nothing];
  for (const spec of wanted) {
    const before = devices.length;
    addNode(devices, spec.source, spec.target);
    if (devices.length === before)
      throw new HuskError("invalid", `device ${spec.source}: is no device and holds none`);
    for (let i = before; i < devices.length; i++) {
      const { type, major, minor } = devices[i] as LinuxDevice;
      rules.push({
        allow: true,
        type: type as "b" | "c",
        major,
        minor,
        access: spec.permissions,
      } as LinuxDeviceCgroup);
    }
  }
  return { devices, rules };
}

/** Every device of the host's /dev, for a privileged container. */
export function allDevices(): ChosenDevices {
  const devices: LinuxDevice[] = [];
  addFolder(devices, "/dev", "/dev");
  return { devices, rules: [everything] };
}

/** Mounted, linked or made anew in each container; and what a container engine keeps in its own /dev. */
const ownFolders = new Set(["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev"]);

function addFolder(devices: LinuxDevice[], source: string, target: string): void {
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    if (
      source === "/dev" &&
      (ownFolders.has(entry.name) || entry.name === "console" || entry.name === "ptmx")
    )
      continue;
    if (entry.isDirectory()) addFolder(devices, `${source}/${entry.name}`, `${target}/${entry.name}`);
    else if (entry.isCharacterDevice() || entry.isBlockDevice()) {
      addNode(devices, `${source}/${entry.name}`, `${target}/${entry.name}`);
    }
  }
}

function addNode(devices: LinuxDevice[], source: string, target: string): void {
  const stats = statSync(source, { throwIfNoEntry: false });
  if (stats === undefined) throw new HuskError("not-found", `device ${source}: no such file on this machine`);
  if (stats.isDirectory()) {
    addFolder(devices, source, target);
    return;
  }
  if (!stats.isCharacterDevice() && !stats.isBlockDevice()) return;
  devices.push({
    type: stats.isBlockDevice() ? "b" : "c",
    path: target,
    ...deviceNumber(stats.rdev),
    fileMode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
  });
}
