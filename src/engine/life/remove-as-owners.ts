import { removeInNamespace } from "../../image/layer/index.ts";
import { installKeeper } from "../../platform/keeper-file.ts";
import { removeAll } from "../../platform/remove-tree.ts";
import type { Home } from "../home.ts";
import { fileOwners } from "../image-owners.ts";

/**
 * Removes an ordinary user's folder in which some may not be entered even by their owner (overlayfs makes such), or
 * files belong to ids that this user has in a user namespace alone (/etc/subuid).
 */
export async function removeAsOwners({ folders, keeper }: Home, path: string): Promise<void> {
  const { ids } = fileOwners();
  const tools = { keeper: installKeeper(keeper, folders.root), reportDirectory: folders.run };
  try {
    removeAll(path);
  } catch (error) {
    if (ids === undefined) throw error;
    await removeInNamespace([path], { ...tools, ids });
  }
}
