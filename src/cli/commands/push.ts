import { registryContext } from "../../engine/registry-context.ts";
import {
  familiarName,
  formatReference,
  type ImageStore,
  parseReference,
  pushImage,
  type PushProgress,
  type Reference,
  tagsHere,
} from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import { repositoryAlone } from "../all-tags.ts";
import { humanSize } from "../format/units.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments, imageStore, wantedPlatform } from "../image-arguments.ts";
import { type LayerLine, layerLines } from "../layer-lines.ts";
import { oneLine, printError } from "../stderr.ts";
import { printHelp } from "../print-help.ts";

const lines: Readonly<Record<PushProgress["state"], LayerLine>> = {
  exists: { word: "Layer already exists", stage: "done" },
  mounted: { word: "Mounted", stage: "done" },
  pushing: { word: "Pushing", stage: "active" },
  pushed: { word: "Pushed", stage: "done" },
};

/** `husk push`: an image of the store, or all of a repository's, goes to the registry of its name. */
export async function push(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("push", argv, from, globals, [1, 1]);
  if (given === undefined) return printHelp(["push"]);
  const quiet = given.on("quiet");
  const store = imageStore(globals);
  const name = given.words[0] as string;
  const references = given.on("all-tags") ? allTags(store, name) : [parseReference(name)];
  for (const reference of references) {
    const show = quiet ? undefined : layerLines();
    const pushed = await pushImage(store, reference, {
      ...registryContext(),
      platform: wantedPlatform(given),
      parallel: 3,
      progress: ({ digest, state, size }) => {
        const { word, stage } = lines[state];
        show?.(digest, { word: state === "pushing" ? `${word} ${humanSize(size)}` : word, stage });
      },
      warn: (message) => printError(oneLine(`husk: warning: ${message}`)),
    });
    if (!quiet) console.log(`${formatReference(reference)}: digest: ${pushed.digest} size: ${pushed.size}`);
  }
  return 0;
}

function allTags(store: ImageStore, name: string): Reference[] {
  const repository = repositoryAlone(name);
  const tags = tagsHere(store, repository);
  if (tags.length === 0)
    throw new HuskError("not-found", `there is no image of ${familiarName(repository)} with a tag`, {
      hint: "husk images lists those there are",
    });
  return tags.map((tag) => ({ ...repository, tag }));
}
