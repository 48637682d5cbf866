import { closeSync, existsSync, openSync, writeFileSync } from "node:fs";
import {
  compileDeviceFilter,
  deviceWrites,
  type GroupFolders,
  type LinuxDeviceCgroup,
  replaceDeviceProgramSteps,
} from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";
import { BPF_QUERY_COUNT, bpfQueryDevice, List, Memory } from "../../plan/index.ts";
import type { Runtime } from "./create.ts";
import { freezerState, setFrozen } from "./freezer.ts";
import { performList } from "./small-plan.ts";

const BPF_PROG_QUERY = 16;
/** More than the kernel lets a group have (BPF_CGROUP_MAX_PROGS). */
const MOST_PROGRAMS = 64;
/** Where a small plan finds the first descriptor that is handed to it. */
const FOLDER = 3;

/**
 * Puts other device rules in the place of a running container's. Descriptors that are open stay open.
 *
 * @throws HuskError "unavailable" where nothing here checks devices
 */
export async function updateDevices(
  runtime: Runtime,
  folders: GroupFolders,
  rules: readonly LinuxDeviceCgroup[],
): Promise<void> {
  const v1 = folders.groups.find((group) => existsSync(`${group}/devices.deny`));
  if (v1 !== undefined) return writeRules(v1, folders, rules);
  const v2 = folders.groups.find((group) => existsSync(`${group}/cgroup.freeze`));
  if (v2 === undefined)
    throw new HuskError(
      "unavailable",
      "device rules: the container is in no control group that checks devices",
    );
  const folder = openSync(v2, "r");
  try {
    const list = new List("update");
    const old = await attachedPrograms(runtime, folder);
    replaceDeviceProgramSteps(list, FOLDER, compileDeviceFilter(rules), old);
    await performList(runtime, list, { descriptors: [folder] });
  } finally {
    closeSync(folder);
  }
}

/** Ids of the device programs of a v2 group. */
async function attachedPrograms(runtime: Runtime, folder: number): Promise<number[]> {
  const list = new List("update");
  list.step("look for device programs", "those that are attached now give way to the new one");
  const ids = new Memory(4 * MOST_PROGRAMS);
  const query = bpfQueryDevice(ids);
  new Int32Array(query.bytes.buffer)[0] = FOLDER;
  list.call("bpf", BPF_PROG_QUERY, query, query.bytes.length).about("the device programs of the container");
  const exports = new Map([
    ["query", query],
    ["ids", ids],
  ]);
  const found = await performList(runtime, list, { descriptors: [folder], exports });
  const number = (name: string, at: number): number => {
    const bytes = found.get(name) as Uint8Array;
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
  };
  return Array.from({ length: number("query", BPF_QUERY_COUNT) }, (_, index) => number("ids", 4 * index));
}

/** v1 denies everything before it allows again: nothing of the container shall run in between. */
function writeRules(group: string, folders: GroupFolders, rules: readonly LinuxDeviceCgroup[]): void {
  const thaw = freezerState(folders) === "thawed";
  if (thaw) setFrozen(folders, true);
  try {
    const writes = deviceWrites(rules);
    const first = writes[0]?.value === "a" ? [] : [{ file: "devices.allow", value: "a" }];
    for (const { file, value } of [...first, ...writes]) {
      try {
        writeFileSync(`${group}/${file}`, value);
      } catch (cause) {
        const message = `device rule "${value}" in "${group}/${file}": ${(cause as Error).message}`;
        throw new HuskError("failed", message, { cause });
      }
    }
  } finally {
    if (thaw) setFrozen(folders, false);
  }
}
