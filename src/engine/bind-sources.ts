import { existsSync, mkdirSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import type { MountSpec } from "./run-options.ts";

/**
 * Sees to it that what is to be bind mounted exists: `--volume` makes missing folders, as docker does.
 *
 * @throws HuskError "not-found" when a source is missing and may not be made
 */
export function ensureBindSources(mounts: readonly MountSpec[]): void {
  for (const mount of mounts) {
    if (mount.type !== "bind" || existsSync(mount.source)) continue;
    if (mount.createSource !== true) {
      throw new HuskError(
        "not-found",
        `bind mount on ${mount.target}: ${mount.source} does not exist on this machine`,
        {
          hint: `mkdir ${mount.source}, or use -v, which makes the folder`,
        },
      );
    }
    try {
      mkdirSync(mount.source, { recursive: true });
    } catch (cause) {
      throw new HuskError(
        "failed",
        `cannot make ${mount.source} for the mount on ${mount.target}: ${(cause as Error).message}`,
        {
          cause,
        },
      );
    }
  }
}
