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
export const alwaysAllowed: readonly LinuxDeviceCgroup[] = [
  { allow: true, type: "c", access: "m" },
  { allow: true, type: "b", access: "m" },
  { allow: true, type: "c", major: 1, minor: 3, access: "rwm" }, // null
  { allow: true, type: "c", major: 1, minor: 5, access: "rwm" }, // zero
  { allow: true, type: "c", major: 1, minor: 7, access: "rwm" }, // full
  { allow: true, type: "c", major: 1, minor: 8, access: "rwm" }, // random
  { allow: true, type: "c", major: 1, minor: 9, access: "rwm" }, // urandom
  { allow: true, type: "c", major: 5, minor: 0, access: "rwm" }, // tty
  { allow: true, type: "c", major: 5, minor: 1, access: "rwm" }, // console
  { allow: true, type: "c", major: 5, minor: 2, access: "rwm" }, // ptmx
  { allow: true, type: "c", major: 136, access: "rwm" }, // pts
];

/** Device rules from the last one on that speaks of everything, and what it says. */
export interface EffectiveRules {
  readonly allowsByDefault: boolean;
  readonly rules: readonly LinuxDeviceCgroup[];
}

/**
 * The rules that count: everything is denied at first, whether the rules say so or not, and one that allows or denies
 * everything undoes those before it. Undefined if they leave every device open, as those of a privileged container do.
 */
export function effectiveRules(rules: readonly LinuxDeviceCgroup[]): EffectiveRules | undefined {
  let allowsByDefault = false;
  let counting: LinuxDeviceCgroup[] = [];
  for (const rule of rules) {
    if (isEverything(rule)) {
      allowsByDefault = rule.allow;
      counting = [];
    } else counting.push(rule);
  }
  return allowsByDefault && counting.length === 0 ? undefined : { allowsByDefault, rules: counting };
}

/**
 * Device rules as writes for the `devices` controller of v1 (admin-guide/cgroup-v1/devices.rst).
 *
 * Everything is denied first; what every container may use comes last. Rules that end up allowing everything need no
 * write: a fresh group may do what the group above it may.
 */
export function deviceWrites(rules: readonly LinuxDeviceCgroup[]): DeviceWrite[] {
  const effective = effectiveRules(rules);
  if (effective === undefined) return [];
  const writes: DeviceWrite[] = effective.allowsByDefault ? [] : [{ file: "devices.deny", value: "a" }];
  for (const rule of effective.rules) addWrites(writes, rule);
  if (effective.allowsByDefault) return writes;
  const ruled = writes.length;
  for (const rule of alwaysAllowed) {
    const value = `${rule.type} ${lineOf(rule)}`;
    if (!isAmong(writes, ruled, value)) writes.push({ file: "devices.allow", value });
  }
  return writes;
}

function addWrites(writes: DeviceWrite[], rule: LinuxDeviceCgroup): void {
  const file = rule.allow ? "devices.allow" : "devices.deny";
  const line = lineOf(rule);
  // The kernel takes a line that begins with "a" for everything, whatever follows.
  if (rule.type === "b" || rule.type === "c") writes.push({ file, value: `${rule.type} ${line}` });
  else writes.push({ file, value: `c ${line}` }, { file, value: `b ${line}` });
}

function lineOf({ major, minor, access }: LinuxDeviceCgroup): string {
  return `${star(major)}:${star(minor)} ${access || "rwm"}`;
}

function isAmong(writes: readonly DeviceWrite[], count: number, value: string): boolean {
  for (let i = 0; i < count; i++) if (writes[i]?.value === value) return true;
  return false;
}

/** True if the rules leave every device open, as those of a privileged container do. */
export function allowsEverything(rules: readonly LinuxDeviceCgroup[]): boolean {
  return effectiveRules(rules) === undefined;
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
