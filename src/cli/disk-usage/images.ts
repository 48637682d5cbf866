import { chooseFolders, openFolders } from "../../engine/folders.ts";
import { imageUse } from "../../engine/image-users.ts";
import { imagesUsage, openImageStore } from "../../image/index.ts";
import { imageRows } from "../commands/images.ts";
import { humanSize, type List } from "../format/index.ts";
import type { Globals } from "../grammar.ts";
import type { Usage } from "./usage.ts";

const LIST: List = {
  type: "image",
  titles: {
    Repository: "REPOSITORY",
    Tag: "TAG",
    ID: "IMAGE ID",
    CreatedSince: "CREATED",
    Size: "SIZE",
    SharedSize: "SHARED SIZE",
    UniqueSize: "UNIQUE SIZE",
    Containers: "CONTAINERS",
  },
  table:
    "table {{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t{{.CreatedSince}}\\t{{.Size}}\\t{{.SharedSize}}\\t{{.UniqueSize}}\\t{{.Containers}}",
};

/** What images take: the files of their layers. */
export async function imagesDiskUsage(globals: Globals): Promise<Usage> {
  const folders = openFolders(chooseFolders(globals));
  const { images, total, layers } = imagesUsage(openImageStore(folders.root));
  const { users } = imageUse(folders);
  const used = images.filter(({ image }) => users(image).length > 0);
  const kept = new Set(used.flatMap(({ image }) => image.config.rootfs.diff_ids));
  // What an unused image shares with a used one stays.
  let reclaimable = 0;
  for (const [diffId, size] of layers) if (!kept.has(diffId)) reclaimable += size;
  return {
    type: "Images",
    total: images.length,
    active: used.length,
    size: total,
    reclaimable,
    details: {
      title: "Images space usage:",
      list: LIST,
      rows: images.flatMap(({ image, shared, unique }) =>
        imageRows(image, false).map((row) => ({
          ...row,
          SharedSize: humanSize(shared),
          UniqueSize: humanSize(unique),
          Containers: `${users(image).length}`,
        })),
      ),
    },
  };
}
