import { type MakeContext, openImageStore } from "../image/index.ts";
import { installKeeper } from "../platform/keeper-file.ts";
import { openFolders } from "./folders.ts";
import { fileOwners } from "./image-owners.ts";
import type { Engine } from "./run.ts";

/** What it takes to bring layers into an engine's store, with the rights of this user. */
export function imageContext(engine: Engine, warn: (message: string) => void): MakeContext {
  const folders = openFolders(engine.folders);
  return {
    store: openImageStore(folders.root),
    unpack: { whiteouts: "overlay", ...fileOwners(), warn },
    tools: { keeper: installKeeper(engine.keeper, folders.root), reportDirectory: folders.run },
  };
}
