import { constants } from "node:fs";
import { List } from "../../plan/index.ts";
import { type KeeperTools, perform } from "./keeper-work.ts";

const AT_FDCWD = -100;
const O_CLOEXEC = 0o2000000;

/**
 * Has everything on a folder's file system written to the disk (syncfs(2)): one call, however many files there are.
 *
 * @throws HuskError "failed" when the disk cannot take it
 */
export async function syncFiles(
  folder: string,
  tools: Pick<KeeperTools, "keeper" | "reportDirectory">,
): Promise<void> {
  const keeper = new List("keeper");
  keeper.step("write to the disk", "what has its name must be there after a power failure, too");
  const fd = keeper.call(
    "openat",
    AT_FDCWD,
    folder,
    constants.O_RDONLY | constants.O_DIRECTORY | O_CLOEXEC,
    0,
  );
  keeper.call("syncfs", fd).about(folder);
  await perform({ keeper, cleanup: new List("afterwards"), exports: new Map() }, tools);
}
