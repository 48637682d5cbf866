import { rmSync } from "node:fs";
import { writeError } from "../../platform/whole-file.ts";

/** Removes folders for which {@link removeTree}'s own rights are not enough. */
export type Remover = (path: string) => Promise<void>;

/**
 * Removes a container's folder that nobody else uses any more ({@link import("./folder.ts").takeFolder}).
 *
 * @param others is asked where files belong to other ids of an ordinary user's
 */
export async function removeTree(path: string, others: Remover): Promise<void> {
  try {
    rmSync(path, { recursive: true, force: true });
    return;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EPERM" && code !== "ENOTEMPTY") throw writeError(path, cause);
  }
  await others(path);
}
