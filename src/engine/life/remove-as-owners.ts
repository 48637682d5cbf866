import { removeInNamespace } from "../../image/layer/index.ts";
import { installKeeper } from "../../platform/keeper-file.ts";
import type { Home } from "../home.ts";
import { fileOwners } from "../image-owners.ts";

/** Removes a folder in which files belong to ids that this ordinary user has in a user namespace alone (/etc/subuid). */
export async function removeAsOwners({ folders, keeper }: Home, path: string): Promise<void> {
  const { ids } = fileOwners();
  const tools = { keeper: installKeeper(keeper, folders.root), reportDirectory: folders.run };
  await removeInNamespace([path], ids === undefined ? tools : { ...tools, ids });
}
