import {
  type Json,
  absolute,
  asObject,
  expected,
  integer,
  list,
  need,
  object,
  oneOf,
  stringMap,
  strings,
  text,
  uint32,
} from "./field.ts";
import { personalityFlags } from "../process/personality.ts";
import { checkIdMappings, checkNamespaces } from "./namespace.ts";
import { checkResources } from "./resources.ts";
import { checkMemoryPolicy, checkNames, checkTimeOffsets } from "./scheduling.ts";
import { checkIntelRdt, checkNetDevices } from "./rare.ts";
import { checkSeccomp } from "./seccomp.ts";

const propagations = [
  "",
  "private",
  "rprivate",
  "shared",
  "rshared",
  "slave",
  "rslave",
  "unbindable",
  "runbindable",
];

/** Checks `linux`. */
export function checkLinux(linux: Json): void {
  const namespaces = list(linux, "namespaces", "linux");
  if (namespaces !== undefined) checkNamespaces(namespaces);
  checkIdMappings(linux, "uidMappings");
  checkIdMappings(linux, "gidMappings");

  const devices = list(linux, "devices", "linux");
  if (devices !== undefined) {
    for (let i = 0; i < devices.length; i++) checkDevice(devices[i], `linux.devices[${i}]`);
  }
  text(linux, "cgroupsPath", "linux");
  const resources = object(linux, "resources", "linux");
  if (resources !== undefined) checkResources(resources);

  oneOf(linux, "rootfsPropagation", "linux", propagations);
  const seccomp = object(linux, "seccomp", "linux");
  if (seccomp !== undefined) checkSeccomp(seccomp);
  stringMap(linux, "sysctl", "linux");
  checkPaths(linux, "maskedPaths");
  checkPaths(linux, "readonlyPaths");
  text(linux, "mountLabel", "linux");
  checkMemoryPolicy(linux);
  checkTimeOffsets(linux);

  checkNetDevices(linux);
  const rdt = object(linux, "intelRdt", "linux");
  if (rdt !== undefined) checkIntelRdt(rdt);

  const personality = object(linux, "personality", "linux");
  if (personality !== undefined) {
    const at = "linux.personality";
    need(oneOf(personality, "domain", at, ["LINUX", "LINUX32"]), at, "domain");
    checkNames(personality, at, personalityFlags);
  }
}

function checkDevice(value: unknown, at: string): void {
  const device = asObject(value, at);
  const type = need(oneOf(device, "type", at, ["c", "b", "u", "p"]), at, "type");
  need(absolute(device, "path", at), at, "path");
  // mknod(2): 12 bits of major, 20 of minor. A FIFO has neither.
  const major = integer(device, "major", at, 0, 0xfff);
  const minor = integer(device, "minor", at, 0, 0xfffff);
  if (type !== "p") {
    need(major, at, "major");
    need(minor, at, "minor");
  }
  integer(device, "fileMode", at, 0, 0o177777);
  integer(device, "uid", at, 0, uint32 - 1);
  integer(device, "gid", at, 0, uint32 - 1);
}

function checkPaths(linux: Json, key: string): void {
  const paths = strings(linux, key, "linux");
  if (paths === undefined) return;
  for (let i = 0; i < paths.length; i++) {
    if ((paths[i] as string).charCodeAt(0) !== 0x2f)
      expected(`linux.${key}[${i}]`, "an absolute path", paths[i]);
  }
}
