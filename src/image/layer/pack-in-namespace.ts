import { enterUserNamespace, type OwnIds } from "../../namespace/index.ts";
import { Clone, cloneArgs, Exec, List, Wait } from "../../plan/index.ts";
import { launch } from "../../runtime/launch.ts";
import { type KeeperTools, settled } from "./keeper-work.ts";

/** What becomes one archive: a folder, the upper folder of an overlay, or what an overlay of folders shows. */
export type Packing = "folder" | "overlay" | "merged";

/** As long as a copy of anything may take: a day. */
const LONGEST_MILLISECONDS = 24 * 3_600_000;
const SIGKILL = 9;

/** Whether files have to be read as root of this user's ids: others of them may be closed to this user. */
export function packsInNamespace(tools: KeeperTools): tools is KeeperTools & NamespaceTools {
  return tools.ids !== undefined && tools.packer !== undefined;
}

interface NamespaceTools {
  readonly ids: OwnIds;
  readonly packer: readonly string[];
}

/**
 * Has a husk that is root of this user's ids make an archive: it may read files of all of them, and sees their owners
 * as containers do.
 *
 * @param folders absolute paths
 * @throws HuskError "failed"; why stands in the other husk's own words on stderr
 */
export async function* packInNamespace(
  what: Packing,
  folders: readonly string[],
  tools: KeeperTools & NamespaceTools,
): AsyncGenerator<Uint8Array, void, undefined> {
  const keeper = new List("keeper");
  enterUserNamespace(keeper, tools.ids);
  const packer = new List("packer");
  packer.step("pack", "with the rights of all ids that are this user's");
  const words = [...tools.packer, what, ...folders];
  packer.add(new Exec([words[0] as string], words, ["PATH=/usr/bin:/bin", "HOME=/"]));
  keeper.step("pack folders", "their files belong to ids of a user namespace");
  const pid = keeper.add(new Clone(cloneArgs(0), packer));
  keeper.add(new Wait(pid, LONGEST_MILLISECONDS)).object = folders.join(" ");
  const plan = { keeper, cleanup: new List("afterwards"), exports: new Map() };
  const launched = await launch(plan, {
    keeper: tools.keeper,
    id: "pack",
    reportDirectory: tools.reportDirectory,
    stdin: "ignore",
    stdout: "pipe",
    stderr: 2,
  });
  let isWhole = false;
  try {
    for await (const piece of launched.keeper.stdout as unknown as AsyncIterable<Uint8Array>) yield piece;
    await settled(plan, launched);
    isWhole = true;
  } finally {
    if (!isWhole) {
      launched.keeper.kill(SIGKILL);
      await launched.outcome.catch(() => {});
    }
  }
}
