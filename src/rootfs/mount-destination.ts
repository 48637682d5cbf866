import { statfsSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import { PROC_SUPER_MAGIC, RESOLVE_IN_ROOT, RESOLVE_NO_SYMLINKS } from "./flags.ts";
import type { Mount } from "./types.ts";

/** How a destination is resolved: at and below /proc and /sys a symbolic link is an attack (CVE-2019-19921). */
export function resolveFor(destination: string): number {
  return isBelow(destination, "/proc") || isBelow(destination, "/sys")
    ? RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS
    : RESOLVE_IN_ROOT;
}

/** Whether a clean path is `folder` or below it. */
export function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder) && (path.length === folder.length || path.charCodeAt(folder.length) === 47);
}

/** @throws HuskError `invalid` for places where nothing may be mounted: the root, and all but a few below /proc */
export function refuseDestination(
  mount: Mount,
  destination: string,
  type: string | undefined,
  remount: boolean,
): void {
  if (mount.destination === "") throw invalid("a mount needs a destination", 'such as "/data"');
  if (destination === "/") {
    throw invalid(`a mount on ${mount.destination} would hide the root file system`, "mount it on a folder");
  }
  if (type === undefined && !remount) {
    throw invalid(
      `the mount on ${destination} has no type`,
      'give "type", or the option "bind" and a source',
    );
  }
  if (!isBelow(destination, "/proc") || remount) return;
  if (destination === "/proc") {
    if (type === "proc" || (type === "bind" && isProcfs(mount.source))) return;
    throw invalid(
      `/proc can only be a mount of type proc, not ${type}`,
      "husk's safety rests on a real /proc",
    );
  }
  if (type === "bind" && isEmulated(destination)) return;
  throw invalid(
    `mount on ${destination}: nothing may be mounted below /proc`,
    "except binds on the files lxcfs provides: cpuinfo, meminfo, stat, uptime, loadavg, swaps, diskstats, slabinfo",
  );
}

function invalid(message: string, hint: string): HuskError {
  return new HuskError("invalid", message, { hint });
}

function isProcfs(source: string | undefined): boolean {
  try {
    return source !== undefined && statfsSync(source).type === PROC_SUPER_MAGIC;
  } catch {
    return false;
  }
}

/** Files of /proc that programs such as lxcfs replace (the list of runc's checkProcMount). */
function isEmulated(destination: string): boolean {
  switch (destination) {
    case "/proc/cpuinfo":
    case "/proc/diskstats":
    case "/proc/meminfo":
    case "/proc/stat":
    case "/proc/swaps":
    case "/proc/uptime":
    case "/proc/loadavg":
    case "/proc/slabinfo":
    case "/proc/sys/kernel/ns_last_pid":
    case "/proc/sys/crypto/fips_enabled":
      return true;
    default:
      return false;
  }
}
