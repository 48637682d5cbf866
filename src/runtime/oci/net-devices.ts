import { HuskError } from "../../platform/error.ts";
import { List, type Memory } from "../../plan/index.ts";
import type { Linux } from "../config.ts";
import { askNetDevice, indexOf, type NetDevice } from "../process/net-devices.ts";
import { readAddresses } from "../process/netlink.ts";
import { readHostFacts } from "../host-facts.ts";
import type { Runtime } from "./create.ts";
import { openRoot } from "./folder.ts";
import { performList } from "./small-plan.ts";

/**
 * Finds the interfaces that a configuration gives to its container.
 *
 * @throws HuskError "not-found" for one that this network namespace has not
 */
export async function findNetDevices(
  runtime: Runtime,
  wanted: NonNullable<Linux["netDevices"]>,
): Promise<NetDevice[]> {
  const names = Object.keys(wanted);
  if (names.length === 0) return [];
  if (!readHostFacts().privileged)
    throw new HuskError("denied", "linux.netDevices: only the host's root can give interfaces away", {
      hint: "leave netDevices out, or run as root",
    });
  openRoot(runtime.root);
  const list = new List("network devices");
  const exports = new Map<string, Memory>();
  for (const name of names) {
    const { index, answers } = askNetDevice(list, name);
    exports.set(name, index);
    answers.forEach((answer, i) => exports.set(`${name}/${i}`, answer));
  }
  const told = await performList(runtime, list, { exports });
  return names.map((name) => {
    const index = indexOf(told.get(name) ?? new Uint8Array(0));
    const answers: Uint8Array[] = [];
    for (let i = 0; told.has(`${name}/${i}`); i++) answers.push(told.get(`${name}/${i}`) as Uint8Array);
    const addresses = readAddresses(answers, index);
    if (addresses === undefined)
      throw new HuskError("failed", `linux.netDevices: ${name} has more addresses than husk can move`);
    return { name, newName: wanted[name]?.name || name, index, addresses };
  });
}
