import { type ImageStore, type MakeContext, openImageStore, removeInNamespace } from "../image/index.ts";
import { installKeeper } from "../platform/keeper-file.ts";
import { openFolders } from "./folders.ts";
import { fileOwners } from "./image-owners.ts";
import type { Engine } from "./run.ts";

/** What it takes to bring layers into an engine's store, with the rights of this user. */
export function imageContext(engine: Engine, warn: (message: string) => void): MakeContext {
  const folders = openFolders(engine.folders);
  const { ids, ...owners } = fileOwners();
  return {
    store: openImages(engine),
    unpack: { whiteouts: "overlay", ...owners, warn },
    tools: {
      keeper: installKeeper(engine.keeper, folders.root),
      reportDirectory: folders.run,
      ...(ids === undefined ? {} : { ids }),
    },
  };
}

/** The image store of an engine. */
export function openImages(engine: Engine): ImageStore {
  const { root, run } = openFolders(engine.folders);
  const removeForeign = (folders: readonly string[]): Promise<void> => {
    const { ids } = fileOwners();
    const tools = { keeper: installKeeper(engine.keeper, root), reportDirectory: run };
    return removeInNamespace(folders, ids === undefined ? tools : { ...tools, ids });
  };
  return openImageStore(root, { removeForeign });
}
