import type { DeviceRate, DeviceRule, DeviceSpec, DeviceWeight } from "../../engine/run-options.ts";
import { invalidValue } from "./invalid.ts";
import { toInteger } from "./number.ts";
import { containerPath } from "./path.ts";
import { parseSize } from "./size.ts";

/** `HOST[:CONTAINER][:PERMISSIONS]` with absolute paths and some of `rwm`. */
export function parseDevice(flag: string, value: string): DeviceSpec {
  const parts = value.split(":");
  const source = parts[0] as string;
  const last = parts.length > 1 ? (parts[parts.length - 1] as string) : "";
  const permissions = last !== "" && last[0] !== "/" ? last : "rwm";
  const target = parts.length === 3 || last[0] === "/" ? (parts[1] as string) : source;
  if (
    source[0] !== "/" ||
    parts.length > 3 ||
    (parts.length > 1 && last === "") ||
    (parts.length === 3 && last[0] === "/") ||
    !/^[rwm]{1,3}$/.test(permissions) ||
    new Set(permissions).size !== permissions.length
  ) {
    throw invalidValue(flag, value, "HOST[:CONTAINER][:rwm], such as /dev/fuse or /dev/sda:/dev/disk:r");
  }
  return { source, target: containerPath(flag, target, value), permissions };
}

/** `/dev/sda:10mb`: bytes a second of a block device. */
export function parseByteRate(flag: string, value: string): DeviceRate {
  const [path, rate] = split(flag, value, "/dev/sda:10mb");
  return { path, rate: parseSize(flag, rate) };
}

/** `/dev/sda:1000`: operations a second of a block device. */
export function parseOperationRate(flag: string, value: string): DeviceRate {
  const [path, text] = split(flag, value, "/dev/sda:1000");
  const rate = toInteger(text);
  if (rate === undefined || rate < 0)
    throw invalidValue(flag, value, "a device and a number, such as /dev/sda:1000");
  return { path, rate };
}

/** `/dev/sda:500`: a weight of a block device. */
export function parseDeviceWeight(flag: string, value: string): DeviceWeight {
  const [path, text] = split(flag, value, "/dev/sda:500");
  const weight = toInteger(text);
  if (weight === undefined || (weight !== 0 && (weight < 10 || weight > 1000)))
    throw invalidValue(flag, value, "a device and a weight from 10 to 1000, such as /dev/sda:500");
  return { path, weight };
}

/** `TYPE MAJOR:MINOR PERMISSIONS`, such as `c 1:3 mr`, with `*` for all numbers. */
export function parseDeviceRule(flag: string, value: string): DeviceRule {
  const [, type, major = "", minor = "", permissions = ""] =
    /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(value) ?? [];
  if (type === undefined) throw invalidValue(flag, value, "TYPE MAJOR:MINOR rwm, such as 'c 1:3 mr'");
  return {
    type: type as DeviceRule["type"],
    ...(major === "*" ? {} : { major: Number(major) }),
    ...(minor === "*" ? {} : { minor: Number(minor) }),
    permissions,
  };
}

function split(flag: string, value: string, example: string): [string, string] {
  const colon = value.lastIndexOf(":");
  if (!value.startsWith("/dev/") || colon === -1) {
    throw invalidValue(flag, value, `a device and a rate, such as ${example}`);
  }
  return [value.slice(0, colon), value.slice(colon + 1)];
}
