import { HuskError } from "../../platform/error.ts";
import { type List, quote } from "../../plan/index.ts";
import { AT_FDCWD, AT_REMOVEDIR } from "../flags.ts";
import type { Group } from "../group.ts";
import { type GroupSpec, groupsBelow, processesOf, refuseTop } from "./named-group.ts";

/** Processes that were killed need a moment to leave their group. */
const PATIENCE_MS = 2000;

/**
 * Steps that remove an empty group (cgdelete(1)).
 *
 * @param recursive remove the groups below it too
 * @throws HuskError "conflict" for a group that holds processes, or groups without `recursive`
 */
export function removeGroup(list: List, places: readonly Group[], spec: GroupSpec, recursive: boolean): void {
  refuseTop(spec, "removed");
  for (const { path, base } of places) {
    const below = groupsBelow(path);
    if (below.length > 0 && !recursive) {
      const names = below.map((folder) => folder.slice(base.length + 1)).join(", ");
      throw new HuskError("conflict", `control group "${spec.text}" has groups below it: ${names}`, {
        hint: `husk cgroup rm -r ${spec.text} removes them too`,
      });
    }
    const folders = [...below, path];
    refuseOccupied(folders, base);
    list.step(
      `remove ${path}`,
      "an empty group is removed as an empty folder is",
      () => `rmdir ${folders.map(quote).join(" ")}`,
    );
    for (const folder of folders)
      list.call("unlinkat", AT_FDCWD, folder, AT_REMOVEDIR).accept("ENOENT").retry(PATIENCE_MS).about(folder);
  }
}

function refuseOccupied(folders: readonly string[], base: string): void {
  for (const folder of folders) {
    const pids = processesOf(folder);
    if (pids.length === 0) continue;
    const name = folder.slice(base.length + 1);
    const shown =
      pids.length > 10 ? `${pids.slice(0, 10).join(", ")} and ${pids.length - 10} more` : pids.join(", ");
    throw new HuskError("conflict", `control group "${name}" still has processes: ${shown} (${folder})`, {
      hint: `husk cgroup kill ${name} ends them; husk cgroup attach / PID… moves them out`,
    });
  }
}
