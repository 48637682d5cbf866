import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const MARK = "HUSK_BENCH_FOLDER";
/** Of the disk that all have their state on; only what is written takes up space. */
const DISK = "24G";

/** The folder of {@link enterSurroundings}; undefined: this is not the program that it started. */
export function ownFolder(): string | undefined {
  return process.env[MARK];
}

/**
 * Starts this program again in a mount namespace of its own, and waits for it. crun refuses a machine with v1 groups
 * and a v2 hierarchy beside them, so an empty tmpfs covers the latter, for all contestants alike. Every husk in there
 * has its state in the folder; Bun gives children the environment that it began with, whatever is changed later.
 *
 * With `freshDisk` the folder is an empty ext4 with a journal, in a file of its own: what was removed before, and by
 * others, costs nobody anything. (Without a journal, ext4 looks at each inode that was freed in the last minutes whenever a
 * file is made.)
 */
export function enterSurroundings(args: readonly string[], folder: string, freshDisk: boolean): void {
  const hide = existsSync("/sys/fs/cgroup/unified")
    ? "umount /sys/fs/cgroup/unified && mount -t tmpfs none /sys/fs/cgroup/unified && "
    : "";
  const root = join(folder, "state");
  const disk = `${folder}.ext4`;
  const fresh = freshDisk
    ? `truncate -s ${DISK} ${disk} && mkfs.ext4 -q -F ${disk} && mount -o loop ${disk} ${folder} && `
    : "";
  Bun.spawnSync(
    [
      "unshare",
      "--mount",
      "--propagation",
      "private",
      "sh",
      "-c",
      `${hide}${fresh}exec "$@"`,
      "sh",
      process.execPath,
      ...args,
    ],
    {
      env: { ...process.env, [MARK]: folder, HUSK_ROOT: root, HUSK_RUN: join(root, "run") },
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  rmSync(disk, { force: true });
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
