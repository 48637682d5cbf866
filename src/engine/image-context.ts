import { type ImageStore, type MakeContext, openImageStore, removeInNamespace } from "../image/index.ts";
import { installKeeper } from "../platform/keeper-file.ts";
import { openFolders } from "./folders.ts";
import { tellImage } from "./events/object-event.ts";
import type { Home } from "./home.ts";
import { internalCommand } from "./life/supervision.ts";
import { fileOwners } from "./image-owners.ts";

/**
 * What it takes to bring layers into an engine's store, with the rights of this user.
 *
 * @param signal gives up what is being made
 */
export function imageContext(home: Home, warn: (message: string) => void, signal?: AbortSignal): MakeContext {
  const folders = openFolders(home.folders);
  const { ids, ...owners } = fileOwners();
  return {
    store: openImages(home),
    unpack: { whiteouts: "overlay", ...owners, lostMarks: "beside", warn },
    tools: {
      keeper: installKeeper(home.keeper, folders.root),
      reportDirectory: folders.run,
      ...(ids === undefined ? {} : { ids, packer: internalCommand(home.husk, folders, "pack") }),
    },
    ...(signal && { signal }),
  };
}

/** The image store of an home. */
export function openImages(home: Home): ImageStore {
  const { root, run } = openFolders(home.folders);
  const removeForeign = (folders: readonly string[]): Promise<void> => {
    const { ids } = fileOwners();
    const tools = { keeper: installKeeper(home.keeper, root), reportDirectory: run };
    return removeInNamespace(folders, ids === undefined ? tools : { ...tools, ids });
  };
  return openImageStore(root, {
    removeForeign,
    tell: (action, id, name) => tellImage(home.folders, action, id, name),
  });
}
