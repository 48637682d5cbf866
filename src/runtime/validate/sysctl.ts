import { statSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { checkSysctls as checkNames } from "../../rootfs/index.ts";
import { pathOf, refuse } from "./field.ts";

/**
 * Checks `linux.sysctl`: only parameters of a namespace that is not the host's.
 *
 * @param own the container's namespaces with the path each is joined by
 */
export function checkSysctls(sysctl: Record<string, string>, own: Map<string, string | undefined>): void {
  const isOwn = (type: "ipc" | "network" | "uts"): boolean => {
    const path = own.get(type);
    return own.has(type) && (path === undefined || !isHusksOwn(path, type));
  };
  const namespaces = { ipc: isOwn("ipc"), network: isOwn("network"), uts: isOwn("uts") };
  for (const name in sysctl) {
    try {
      checkNames({ [name]: sysctl[name] as string }, namespaces);
    } catch (error) {
      if (!(error instanceof HuskError)) throw error;
      refuse(pathOf("linux.sysctl", name), error.message, error.hint);
    }
  }
}

const links = { ipc: "ipc", network: "net", uts: "uts" };

/** Whether `path` is the namespace this process is in: a setting there would be the host's. */
function isHusksOwn(path: string, type: keyof typeof links): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  const here = statSync(`/proc/self/ns/${links[type]}`, { throwIfNoEntry: false });
  return there !== undefined && here !== undefined && there.ino === here.ino && there.dev === here.dev;
}
