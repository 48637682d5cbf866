import { readFileSync } from "node:fs";
import { isPrivileged, mayRaiseLimits, parsePrivileges } from "./facts.ts";
import { availableCapabilities, type CapabilityMask } from "../security/index.ts";

/** What this machine lets this process do, as far as it decides what a container can have. */
export interface HostFacts {
  /** Effective ids. */
  readonly uid: number;
  readonly gid: number;
  /** May make namespaces without a user namespace, and write any id map. */
  readonly privileged: boolean;
  /** May raise hard limits. */
  readonly raisesLimits: boolean;
  /** Runs in a user namespace below the machine's first one. */
  readonly nested: boolean;
  /** What husk itself can hand on. */
  readonly capabilities: CapabilityMask;
}

/** Reads the facts from /proc/self. */
export function readHostFacts(): HostFacts {
  const status = readFileSync("/proc/self/status", "latin1");
  const privileges = parsePrivileges(status);
  return {
    uid: privileges.uid,
    gid: privileges.gid,
    privileged: isPrivileged(privileges),
    raisesLimits: mayRaiseLimits(privileges),
    nested: !readFileSync("/proc/self/uid_map", "latin1").includes("4294967295"),
    capabilities: availableCapabilities(status),
  };
}
