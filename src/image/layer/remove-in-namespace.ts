import { enterUserNamespace } from "../../namespace/index.ts";
import { Clone, cloneArgs, Exec, List, Wait } from "../../plan/index.ts";
import { type KeeperTools, perform } from "./keeper-work.ts";

const LONGEST_MILLISECONDS = 30 * 60_000;

/**
 * Removes folders with all that is in them as root of this user's ids: what belongs to others of them can neither be
 * removed nor even seen without.
 *
 * @param folders absolute paths
 * @throws HuskError "failed" when something cannot be removed
 */
export async function removeInNamespace(folders: readonly string[], tools: KeeperTools): Promise<void> {
  const keeper = new List("keeper");
  if (tools.ids !== undefined) enterUserNamespace(keeper, tools.ids);
  const remover = new List("remover");
  remover.step("remove", "with the rights of all ids that are this user's");
  const command = ["rm", "-rf", "--one-file-system", "--", ...folders];
  remover.add(new Exec(["/usr/bin/rm", "/bin/rm"], command, ["PATH=/usr/bin:/bin"]));
  keeper.step("remove folders", "their files belong to ids of a user namespace");
  const pid = keeper.add(new Clone(cloneArgs(0), remover));
  keeper.add(new Wait(pid, LONGEST_MILLISECONDS)).object = `rm -rf ${folders.join(" ")}`;
  await perform({ keeper, cleanup: new List("afterwards"), exports: new Map() }, tools);
}
