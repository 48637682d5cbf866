import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

const MARK = "HUSK_BENCH_INSIDE";

/**
 * Starts this program again in a mount namespace of its own, unless it is there already. crun refuses a machine
 * with v1 groups and a v2 hierarchy beside them, so an empty tmpfs covers the latter, for all contestants alike.
 *
 * @returns the exit status of the other one; undefined: this is it
 */
export function enterSurroundings(args: readonly string[]): number | undefined {
  if (process.env[MARK] !== undefined) return undefined;
  const hide = existsSync("/sys/fs/cgroup/unified")
    ? "umount /sys/fs/cgroup/unified && mount -t tmpfs none /sys/fs/cgroup/unified && "
    : "";
  const { exitCode } = Bun.spawnSync(
    [
      "unshare",
      "--mount",
      "--propagation",
      "private",
      "sh",
      "-c",
      `${hide}exec "$@"`,
      "sh",
      process.execPath,
      ...args,
    ],
    { env: { ...process.env, [MARK]: "1" }, stdio: ["ignore", "inherit", "inherit"] },
  );
  return exitCode;
}

/** Removes control groups that a peer left behind: crun does now and then, when many start at once. */
export function removeLeftGroups(prefix: string): void {
  const top = "/sys/fs/cgroup";
  for (const parent of [top, ...folders(top)]) {
    for (const folder of folders(parent)) {
      if (!folder.startsWith(`${parent}/${prefix}`)) continue;
      try {
        rmdirSync(folder);
      } catch {
        // Somebody is in it: then it is none of what was left.
      }
    }
  }
}

function folders(parent: string): string[] {
  try {
    return readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(parent, name));
  } catch {
    return [];
  }
}
