import type { Home } from "../home.ts";
import { readTarget } from "../life/target.ts";
import { changedParts } from "./parts.ts";
import { type Change, readChanges } from "./read-changes.ts";

/**
 * What a container, running or not, changed in its root file system; volumes and other mounts are none of it.
 *
 * @param id its whole id
 * @throws HuskError "unsupported" for one whose root is a folder it writes to directly
 */
export async function containerChanges(home: Home, id: string): Promise<Change[]> {
  return readChanges(await changedParts(home, readTarget(home, id)));
}
