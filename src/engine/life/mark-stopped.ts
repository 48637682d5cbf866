import { writeFileSync } from "node:fs";
import { noSuchContainer } from "../container/find.ts";
import type { Target } from "./target.ts";

/**
 * Notes that somebody wants a container to end: a reboot does not start it again then, if its policy is
 * `unless-stopped`.
 *
 * @throws HuskError "not-found" when it was removed meanwhile
 */
export function markStopped({ record, paths }: Target): void {
  try {
    writeFileSync(paths.stopped, "", { mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw noSuchContainer(record.name);
  }
}
