import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

const MARK = "HUSK_BENCH_FOLDER";

/** The folder of {@link enterSurroundings}; undefined: this is not the program that it started. */
export function ownFolder(): string | undefined {
  return process.env[MARK];
}

/**
 * Starts this program again in a mount namespace of its own, and waits for it. crun refuses a machine with v1 groups
 * and a v2 hierarchy beside them, so an empty tmpfs covers the latter, for all contestants alike. Every husk in there
 * has its state in the folder; Bun gives children the environment that it began with, whatever is changed later.
 */
export function enterSurroundings(args: readonly string[], folder: string): void {
  const hide = existsSync("/sys/fs/cgroup/unified")
    ? "umount /sys/fs/cgroup/unified && mount -t tmpfs none /sys/fs/cgroup/unified && "
    : "";
  const root = join(folder, "state");
  Bun.spawnSync(
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
    {
      env: { ...process.env, [MARK]: folder, HUSK_ROOT: root, HUSK_RUN: join(root, "run") },
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
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
