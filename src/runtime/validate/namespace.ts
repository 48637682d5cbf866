import type { LinuxIdMapping } from "../../namespace/index.ts";
import type { Spec } from "../config.ts";
import {
  type Json,
  absolute,
  asObject,
  expected,
  integer,
  list,
  need,
  refuse,
  text,
  uint32,
} from "./field.ts";
import { checkSysctls } from "./sysctl.ts";

const namespaceTypes = ["pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"];

/** Checks `linux.namespaces`: each type known and at most once. */
export function checkNamespaces(namespaces: unknown[]): void {
  let seen = 0;
  for (let i = 0; i < namespaces.length; i++) {
    const at = `linux.namespaces[${i}]`;
    const namespace = asObject(namespaces[i], at);
    const type = need(text(namespace, "type", at), at, "type");
    const bit = 1 << namespaceTypes.indexOf(type);
    if (!namespaceTypes.includes(type)) expected(`${at}.type`, `one of ${namespaceTypes.join(", ")}`, type);
    if (seen & bit) refuse(`${at}.type`, `the ${type} namespace is given twice`);
    seen |= bit;
    if (namespace.path === "") delete namespace.path;
    absolute(namespace, "path", at);
  }
}

/** Checks `uidMappings` or `gidMappings` of `linux` or of a mount: no size of 0, no overlap on either side (user_namespaces(7)). */
export function checkIdMappings(from: Json, key: "uidMappings" | "gidMappings", owner = "linux"): void {
  const mappings = list(from, key, owner);
  if (mappings === undefined) return;
  if (mappings.length > 340) refuse(`${owner}.${key}`, `has ${mappings.length} ranges; the kernel takes 340`);
  for (let i = 0; i < mappings.length; i++) {
    const at = `${owner}.${key}[${i}]`;
    const mapping = asObject(mappings[i], at);
    const size = need(integer(mapping, "size", at, 1, uint32), at, "size");
    for (const side of ["containerID", "hostID"] as const) {
      const first = need(integer(mapping, side, at, 0, uint32 - 1), at, side);
      if (first + size > uint32) refuse(at, `${side} ${first} and size ${size} reach beyond the last id`);
      for (let j = 0; j < i; j++) {
        const other = mappings[j] as LinuxIdMapping;
        if (first < other[side] + other.size && other[side] < first + size) {
          refuse(at, `overlaps ${owner}.${key}[${j}] in ${side}`);
        }
      }
    }
  }
}

/** Checks what is only possible, or only safe, in a namespace of the container's own. */
export function checkNamespaceUse(spec: Spec): void {
  const { linux } = spec;
  const own = new Map<string, string | undefined>();
  for (const { type, path } of linux.namespaces ?? []) own.set(type, path);

  const mappings = linux.uidMappings?.length || linux.gidMappings?.length;
  if (own.has("user")) {
    if (own.get("user") === undefined && !(linux.uidMappings?.length && linux.gidMappings?.length)) {
      refuse(
        linux.uidMappings?.length ? "linux.gidMappings" : "linux.uidMappings",
        "a new user namespace needs it",
      );
    }
    if (mappings) checkMapped(spec);
  } else if (mappings) {
    refuse(
      linux.uidMappings?.length ? "linux.uidMappings" : "linux.gidMappings",
      'needs {"type": "user"} in linux.namespaces',
    );
  }
  needs(own, "uts", spec.hostname, "hostname", "the host's own name would change");
  needs(own, "uts", spec.domainname, "domainname", "the host's own domain name would change");
  const why = "it would change the host's files for everybody";
  needs(own, "mount", spec.mounts?.length, "mounts", why);
  needs(own, "mount", spec.root.readonly, "root.readonly", why);
  needs(own, "mount", linux.maskedPaths?.length, "linux.maskedPaths", why);
  needs(own, "mount", linux.readonlyPaths?.length, "linux.readonlyPaths", why);
  needs(own, "mount", linux.rootfsPropagation, "linux.rootfsPropagation", why);
  if (!own.has("network") && Object.keys(linux.netDevices ?? {}).length > 0)
    refuse(
      "linux.netDevices",
      'needs {"type": "network"} in linux.namespaces: there they would stay where they are',
    );
  if (
    linux.timeOffsets !== undefined &&
    (!own.has("time") || own.get("time") !== undefined) &&
    Object.keys(linux.timeOffsets).length > 0
  )
    refuse("linux.timeOffsets", 'needs {"type": "time"} without a path in linux.namespaces');
  if (linux.sysctl !== undefined) checkSysctls(linux.sysctl, own);
}

function needs(
  own: Map<string, string | undefined>,
  type: string,
  used: unknown,
  path: string,
  why: string,
): void {
  if (used && !own.has(type)) refuse(path, `needs {"type": "${type}"} in linux.namespaces: ${why}`);
}

/** Ids the process takes must exist in the user namespace: setresuid(2) and setgroups(2) refuse others. */
function checkMapped(spec: Spec): void {
  const { uid, gid, additionalGids } = spec.process.user;
  mapped(spec.linux.uidMappings, uid, "process.user.uid", "uidMappings");
  mapped(spec.linux.gidMappings, gid, "process.user.gid", "gidMappings");
  if (additionalGids === undefined) return;
  for (let i = 0; i < additionalGids.length; i++) {
    const gid = additionalGids[i] as number;
    mapped(spec.linux.gidMappings, gid, `process.user.additionalGids[${i}]`, "gidMappings");
  }
}

function mapped(mappings: LinuxIdMapping[] | undefined, id: number, path: string, key: string): void {
  for (const { containerID, size } of mappings ?? [])
    if (id >= containerID && id - containerID < size) return;
  refuse(path, `${id} is not in linux.${key}`);
}
