import { pause } from "../../platform/pause.ts";
import { removeAll } from "../../platform/remove-tree.ts";
import { writeError } from "../../platform/whole-file.ts";

/** Removes folders for which {@link removeTree}'s own rights are not enough. */
export type Remover = (path: string) => Promise<void>;

/**
 * Removes a container's folder that nobody else uses any more ({@link import("./folder.ts").takeFolder}).
 *
 * @param others is asked where files belong to other ids of an ordinary user's
 */
export async function removeTree(path: string, others: Remover): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return removeAll(path);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === "ENOTEMPTY" && attempt < ATTEMPTS) await pause(PAUSE_MS);
      else if (code === "EACCES" || code === "EPERM") return others(path);
      else throw writeError(path, cause);
    }
  }
}

/** A container whose keeper was killed while it was set up goes on for a moment, and makes a file or two. */
const ATTEMPTS = 100;
const PAUSE_MS = 20;
