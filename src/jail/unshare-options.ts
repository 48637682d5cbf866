import type { LinuxIdMapping, NamespaceType } from "../namespace/index.ts";
import { HuskError } from "../platform/error.ts";

/** What `unshare` is asked for, in the words of unshare(1). */
export interface UnshareOptions {
  /** New namespaces; with the file that keeps one, or "". */
  readonly namespaces: ReadonlyMap<NamespaceType, string>;
  readonly fork: boolean;
  /** Signal the program gets when husk ends. */
  readonly killChild: number | undefined;
  /** The id that stands for the caller's own inside. */
  readonly mapUser: number | undefined;
  readonly mapGroup: number | undefined;
  /** A block of further ids. */
  readonly mapUsers: LinuxIdMapping | undefined;
  readonly mapGroups: LinuxIdMapping | undefined;
  readonly setgroups: "allow" | "deny" | undefined;
  readonly keepCapabilities: boolean;
  readonly propagation: "private" | "shared" | "slave" | "unchanged";
  /** Where a new procfs is mounted. */
  readonly mountProc: string | undefined;
  readonly root: string | undefined;
  readonly workingDirectory: string | undefined;
  readonly setuid: number | undefined;
  readonly setgid: number | undefined;
  /** Seconds. */
  readonly monotonic: number | undefined;
  readonly boottime: number | undefined;
  readonly command: readonly string[];
}

/** Refuses what contradicts itself, as unshare(1) does. */
export function checkUnshare(options: UnshareOptions): void {
  const { namespaces, setgroups, mapGroup, monotonic, boottime } = options;
  if ((monotonic !== undefined || boottime !== undefined) && !namespaces.has("time")) {
    throw new HuskError("invalid", "--monotonic and --boottime need a time namespace", {
      hint: "add --time",
    });
  }
  if (setgroups === "allow" && mapGroup !== undefined) {
    throw new HuskError("invalid", "--setgroups=allow and a map of the own group alone exclude each other", {
      hint: "leave out --map-group, --map-root-user and --map-current-user, or map a range with --map-groups",
    });
  }
  if (setgroups !== undefined && !namespaces.has("user")) {
    throw new HuskError("invalid", "--setgroups needs a user namespace", { hint: "add --user" });
  }
  if (options.fork) return;
  requireNoFile(namespaces, "pid");
  requireNoFile(namespaces, "time");
}

/** Without --fork nothing is in the namespace that a file could keep. */
function requireNoFile(namespaces: UnshareOptions["namespaces"], type: "pid" | "time"): void {
  const file = namespaces.get(type);
  if (!file) return;
  throw new HuskError("invalid", `--${type}=${file}: without --fork the namespace has no process yet`, {
    hint: "add --fork",
  });
}

/**
 * The map of one kind of ids: the caller's own id, and around it a block, which gets a hole where the own id's
 * place inside is. The block's last id is then left over (unshare(1), `--map-users`).
 *
 * @param own the caller's id outside
 */
export function composeMap(
  own: number,
  inside: number | undefined,
  block: LinuxIdMapping | undefined,
): LinuxIdMapping[] {
  if (block === undefined) return inside === undefined ? [] : [{ containerID: inside, hostID: own, size: 1 }];
  if (inside === undefined) return [block];
  const end = block.containerID + block.size;
  const before = Math.min(Math.max(inside - block.containerID, 0), block.size);
  const hasHole = inside >= block.containerID && inside < end;
  const after = block.size - before - (hasHole ? 1 : 0);
  const map: LinuxIdMapping[] = [{ containerID: inside, hostID: own, size: 1 }];
  if (before > 0) map.push({ containerID: block.containerID, hostID: block.hostID, size: before });
  if (after > 0) {
    const start = hasHole ? inside + 1 : block.containerID + before;
    map.push({ containerID: start, hostID: block.hostID + before, size: after });
  }
  return map;
}
