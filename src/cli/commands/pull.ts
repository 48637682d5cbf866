import { pull as pullImage } from "../../engine/image-source.ts";
import { registryContext } from "../../engine/registry-context.ts";
import { formatReference, listTags, parseReference } from "../../image/index.ts";
import { repositoryAlone } from "../all-tags.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { imageArguments, wantedPlatform } from "../image-arguments.ts";
import { pullProgress } from "../pull-progress.ts";
import { printHelp } from "../print-help.ts";

/** `husk pull`: an image comes into the store, or all of a repository. Their whole names go to stdout. */
export async function pull(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("pull", argv, from, globals, [1, 1]);
  if (given === undefined) return printHelp(["pull"]);
  const name = given.words[0] as string;
  const names = given.on("all-tags") ? await allTags(name) : [name];
  for (const one of names) {
    await pullImage(homeOf(globals), one, wantedPlatform(given), pullProgress(given.on("quiet")));
    console.log(formatReference(parseReference(one)));
  }
  return 0;
}

async function allTags(name: string): Promise<string[]> {
  const repository = repositoryAlone(name);
  const { rules, session } = registryContext();
  return (await listTags(repository, { rules, session })).map((tag) =>
    formatReference({ ...repository, tag }),
  );
}
