import { readFileSync } from "node:fs";
import type { Variant } from "../../platform/dbus/index.ts";
import { cpuWeight } from "../convert.ts";
import { parseCpuList } from "../cpu-list.ts";
import { alwaysAllowed, effectiveRules } from "../device-rules.ts";
import type { LinuxCPU, LinuxDeviceCgroup, LinuxResources } from "../resources.ts";

/** A unit's property by its name on D-Bus (org.freedesktop.systemd1(5)). */
export type Property = readonly [name: string, value: Variant];

/** systemd's "infinity". */
const INFINITY = 2n ** 64n - 1n;
const USUAL_PERIOD = 100_000;

/**
 * Limits as properties of a scope, as runc sets them on v2. husk writes the files of the group as well: systemd has to
 * know the values, or it would put its own back at its next reload. What it has no property for is left out.
 */
export function resourceProperties(resources: LinuxResources): Property[] {
  const properties: Property[] = [];
  const number = (name: string, value: number | undefined): void => {
    if (value !== undefined && value !== 0)
      properties.push([name, { type: "t", value: value < 0 ? INFINITY : BigInt(value) }]);
  };
  const { memory, cpu, pids, devices } = resources;
  number("MemoryMax", memory?.limit);
  number("MemoryLow", memory?.reservation);
  const { swap = 0, limit = 0 } = memory ?? {};
  if (swap !== 0)
    properties.push(["MemorySwapMax", { type: "t", value: swap < 0 ? INFINITY : BigInt(swap - limit) }]);
  if (cpu !== undefined) cpuProperties(properties, cpu);
  number("TasksMax", pids?.limit);
  if (devices !== undefined) properties.push(...deviceProperties(devices));
  if (resources.unified !== undefined) unifiedProperties(properties, resources.unified);
  return properties;
}

function cpuProperties(properties: Property[], cpu: LinuxCPU): void {
  const { shares = 0, quota = 0, period = 0, idle = 0, cpus, mems } = cpu;
  if (shares !== 0 && idle !== 1)
    properties.push(["CPUWeight", { type: "t", value: BigInt(cpuWeight(shares)) }]);
  bandwidth(properties, quota, period);
  cpuset(properties, "AllowedCPUs", cpus);
  cpuset(properties, "AllowedMemoryNodes", mems);
}

/** systemd counts in hundredths of a CPU: what lies between is rounded up, so that the group below can have it all. */
function bandwidth(properties: Property[], quota: number, period: number): void {
  if (period !== 0) properties.push(["CPUQuotaPeriodUSec", { type: "t", value: BigInt(period) }]);
  if (quota === 0 && period === 0) return;
  const each = Math.ceil((quota * 1_000_000) / (period === 0 ? USUAL_PERIOD : period) / 10_000) * 10_000;
  properties.push(["CPUQuotaPerSecUSec", { type: "t", value: quota > 0 ? BigInt(each) : INFINITY }]);
}

/** A list of CPUs as bytes of a bit set. */
function cpuset(properties: Property[], name: string, list: string | undefined): void {
  if (list === undefined || list === "") return;
  const bytes: number[] = [];
  for (const number of parseCpuList(list) ?? []) {
    while (bytes.length <= number >> 3) bytes.push(0);
    bytes[number >> 3] = (bytes[number >> 3] as number) | (1 << (number & 7));
  }
  properties.push([name, { type: "ay", value: bytes }]);
}

/** Properties for files of v2 that systemd knows. */
function unifiedProperties(properties: Property[], unified: Readonly<Record<string, string>>): void {
  for (const file in unified) {
    const text = (unified[file] as string).trim();
    const plain = plainProperties[file];
    if (plain !== undefined)
      properties.push([
        plain,
        { type: "t", value: text === "max" ? INFINITY : BigInt(Number.parseInt(text, 10) || 0) },
      ]);
    else if (file === "cpuset.cpus") cpuset(properties, "AllowedCPUs", text);
    else if (file === "cpuset.mems") cpuset(properties, "AllowedMemoryNodes", text);
    else if (file === "cpu.max") {
      const [quota = "max", period = `${USUAL_PERIOD}`] = text.split(" ");
      bandwidth(properties, quota === "max" ? -1 : Number(quota), Number(period));
    }
  }
}

const plainProperties: Readonly<Record<string, string>> = {
  "cpu.weight": "CPUWeight",
  "memory.high": "MemoryHigh",
  "memory.low": "MemoryLow",
  "memory.min": "MemoryMin",
  "memory.max": "MemoryMax",
  "memory.swap.max": "MemorySwapMax",
  "pids.max": "TasksMax",
};

/**
 * Device rules as far as systemd can say them: a list of what is allowed. Anything else is left to husk's own program,
 * which is asked besides systemd's.
 */
function deviceProperties(rules: readonly LinuxDeviceCgroup[]): Property[] {
  const entries = deviceEntries(rules);
  return [
    ["DevicePolicy", { type: "s", value: entries === undefined ? "auto" : "strict" }],
    // An empty list takes back what was set before.
    ["DeviceAllow", { type: "a(ss)", value: [] }],
    ...(entries === undefined ? [] : [["DeviceAllow", { type: "a(ss)", value: entries }] as Property]),
  ];
}

function deviceEntries(rules: readonly LinuxDeviceCgroup[]): [string, string][] | undefined {
  const effective = effectiveRules(rules);
  if (effective === undefined || effective.allowsByDefault) return undefined;
  const entries: [string, string][] = [];
  for (const { allow, type, major = -1, minor = -1, access } of [...effective.rules, ...alwaysAllowed]) {
    if (!allow) return undefined;
    for (const kind of type === "b" || type === "c" ? [type] : ["b", "c"]) {
      const folder = kind === "b" ? "block" : "char";
      let name = `${folder}-*`;
      if (major >= 0 && minor >= 0) name = `/dev/${folder}/${major}:${minor}`;
      else if (major >= 0) {
        const driver = driverOf(folder, major);
        if (driver === undefined) return undefined;
        name = `${folder}-${driver}`;
      } else if (minor >= 0) return undefined;
      entries.push([name, access || "rwm"]);
    }
  }
  return entries;
}

/** The name that /proc/devices has for a major number. */
function driverOf(folder: "block" | "char", major: number): string | undefined {
  const text = readFileSync("/proc/devices", "latin1");
  const [characters = "", blocks = ""] = text.split("Block devices:");
  return new RegExp(`^ *${major} (\\S+)$`, "m").exec(folder === "char" ? characters : blocks)?.[1];
}
