import { writeFileSync } from "node:fs";
import type { HuskError } from "../../platform/error.ts";
import { writeError } from "../../platform/whole-file.ts";
import { noSuchContainer } from "../container/find.ts";
import type { Target } from "./target.ts";

/**
 * Notes that somebody wants a container to end: its restart policy does not start it again then, nor, if that is
 * `unless-stopped`, a reboot.
 *
 * @returns why that cannot be noted: the container is to end all the same, and then that is told
 * @throws HuskError "not-found" when it was removed meanwhile
 */
export function markStopped({
  record,
  paths: { stopped },
}: Pick<Target, "record" | "paths">): HuskError | undefined {
  try {
    writeFileSync(stopped, "", { mode: 0o600 });
    return undefined;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") throw noSuchContainer(record.name);
    return writeError(stopped, cause);
  }
}
