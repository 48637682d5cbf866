import { folderSize } from "../../engine/container/folder-size.ts";
import { chooseFolders, openFolders } from "../../engine/folders.ts";
import { listVolumes, volumeUsers } from "../../engine/volume/index.ts";
import { humanSize, type List } from "../format/index.ts";
import type { Globals } from "../grammar.ts";
import { addUp, type Usage } from "./usage.ts";

const LIST: List = {
  type: "volume",
  titles: { Name: "VOLUME NAME", Links: "LINKS", Size: "SIZE" },
  table: "table {{.Name}}\\t{{.Links}}\\t{{.Size}}",
};

/** What volumes take. */
export async function volumesDiskUsage(globals: Globals): Promise<Usage> {
  const folders = openFolders(chooseFolders(globals));
  const users = volumeUsers(folders);
  const volumes = listVolumes(folders.root).map(({ name, mountpoint }) => ({
    name,
    isActive: users.has(name),
    size: folderSize(mountpoint),
  }));
  return {
    type: "Local Volumes",
    ...addUp(volumes),
    details: {
      title: "Local Volumes space usage:",
      list: LIST,
      rows: volumes.map(({ name, size }) => ({
        Name: name,
        Links: `${users.get(name)?.length ?? 0}`,
        Size: humanSize(size),
      })),
    },
  };
}
