import { folderSize, writtenSize } from "../../engine/container/folder-size.ts";
import { listContainers } from "../../engine/container/list.ts";
import { containerPaths } from "../../engine/container/paths.ts";
import { isAlive } from "../../engine/container/state.ts";
import { forksSize } from "../../engine/fork/size.ts";
import { chooseFolders, openFolders } from "../../engine/folders.ts";
import { containerList, containerRow } from "../containers/row.ts";
import { humanSize } from "../format/index.ts";
import type { Globals } from "../grammar.ts";
import { addUp, type Usage } from "./usage.ts";

/** What containers take: what they wrote, their logs, and the layers that forks stand on. */
export async function containersDiskUsage(globals: Globals): Promise<Usage> {
  const folders = openFolders(chooseFolders(globals));
  const all = listContainers(folders, () => {});
  const forks = forksSize(folders, all);
  const containers = all.map((summary) => {
    const paths = containerPaths(folders, summary.record.id);
    const size = folderSize(paths.folder);
    return { summary, isActive: isAlive(summary), size, written: writtenSize(paths) };
  });
  const now = Date.now();
  const sum = addUp(containers);
  return {
    type: "Containers",
    ...sum,
    size: sum.size + forks.size,
    reclaimable: sum.reclaimable + forks.reclaimable,
    details: {
      title: "Containers space usage:",
      list: {
        ...containerList(true),
        table:
          "table {{.ID}}\\t{{.Image}}\\t{{.Command}}\\t{{.LocalVolumes}}\\t{{.Size}}\\t{{.RunningFor}}\\t{{.Status}}\\t{{.Names}}",
      },
      rows: containers.map(({ summary, size, written }) => ({
        ...containerRow(summary, { whole: false, now, size: () => ({ written, total: 0 }) }),
        Size: humanSize(size),
      })),
    },
  };
}
