import type { LinuxDeviceCgroup } from "./resources.ts";

/** One line for `devices.allow` or `devices.deny` of v1. */
export interface DeviceWrite {
  readonly file: "devices.allow" | "devices.deny";
  readonly value: string;
}

/**
 * What every container may use, as runc and docker have it: any node may be made but not opened,
 * and the devices every program expects, with the terminals.
 */
const always = [
  "c *:* m",
  "b *:* m",
  "c 1:3 rwm", // null
  "c 1:5 rwm", // zero
  "c 1:7 rwm", // full
  "c 1:8 rwm", // random
  "c 1:9 rwm", // urandom
  "c 5:0 rwm", // tty
  "c 5:1 rwm", // console
  "c 5:2 rwm", // ptmx
  "c 136:* rwm", // pts
];

/**
 * Device rules as writes for the `devices` controller of v1 (admin-guide/cgroup-v1/devices.rst).
 *
 * Everything is denied first, whether the rules say so or not; what every container may use comes
 * last. Rules that end up allowing everything (a privileged container) need no write: a fresh group
 * may do what the group above it may.
 */
export function deviceWrites(rules: readonly LinuxDeviceCgroup[]): DeviceWrite[] {
  let writes: DeviceWrite[] = [{ file: "devices.deny", value: "a" }];
  for (const rule of rules) {
    if (isEverything(rule)) {
      writes = rule.allow ? [] : [{ file: "devices.deny", value: "a" }];
      continue;
    }
    const file = rule.allow ? "devices.allow" : "devices.deny";
    const numbers = `${star(rule.major)}:${star(rule.minor)} ${rule.access || "rwm"}`;
    // The kernel takes a line that begins with "a" for everything, whatever follows.
    if (rule.type === "b" || rule.type === "c") writes.push({ file, value: `${rule.type} ${numbers}` });
    else writes.push({ file, value: `c ${numbers}` }, { file, value: `b ${numbers}` });
  }
  if (writes.length === 0 || writes[0]?.value !== "a") return writes;
  const ruled = writes.length;
  for (const value of always) {
    if (!isAmong(writes, ruled, value)) writes.push({ file: "devices.allow", value });
  }
  return writes;
}

function isAmong(writes: readonly DeviceWrite[], count: number, value: string): boolean {
  for (let i = 0; i < count; i++) if (writes[i]?.value === value) return true;
  return false;
}

/** True if the rules leave every device open, as those of a privileged container do. */
export function allowsEverything(rules: readonly LinuxDeviceCgroup[]): boolean {
  return deviceWrites(rules).length === 0;
}

function isEverything(rule: LinuxDeviceCgroup): boolean {
  if (rule.type === "b" || rule.type === "c") return false;
  if (star(rule.major) !== "*" || star(rule.minor) !== "*") return false;
  const access = rule.access || "rwm";
  return access.includes("r") && access.includes("w") && access.includes("m");
}

function star(number: number | undefined): string {
  return number === undefined || number < 0 ? "*" : `${number}`;
}
