import { chooseFolders, openFolders } from "../../engine/folders.ts";
import { imageUse } from "../../engine/image-users.ts";
import { pruneImages } from "../../image/index.ts";
import { confirmed } from "../confirm.ts";
import { humanSize } from "../format/units.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments, imageStore } from "../image-arguments.ts";
import { chooseImages, PRUNE_FILTERS } from "../image-filter.ts";
import { type Filters, parseFilters, switchFilter } from "../values/filter.ts";
import { printHelp } from "../print-help.ts";
import { printRemoved } from "./rmi.ts";

/** `husk image prune`: removes images without a name, or all that no container stands on. */
export async function imagePrune(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("image prune", argv, from, globals, [0, 0]);
  if (given === undefined) return printHelp(["image", "prune"]);
  const filters = parseFilters(given.list("filter"), PRUNE_FILTERS);
  const all = given.on("all") || switchFilter(filters, "dangling") === false;
  const what = all ? "all images without at least one container associated to them" : "all dangling images";
  if (!given.on("force") && !(await confirmed(`This will remove ${what}.`))) return 0;
  const bytes = await deleteImages(globals, all, filters);
  console.log(`Total reclaimed space: ${humanSize(bytes)}`);
  return 0;
}

/** Removes unneeded images, says which, and returns how many bytes that gave back. */
export async function deleteImages(globals: Globals, all: boolean, filters: Filters): Promise<number> {
  const folders = openFolders(chooseFolders(globals));
  const store = imageStore(globals);
  const { users, layers: keepLayers } = imageUse(folders);
  const wished = new Map([...filters].filter(([key]) => key !== "dangling"));
  const { images, layers, bytes } = await pruneImages(store, {
    all,
    users,
    keepLayers,
    choose: (unneeded) => chooseImages(store, unneeded, wished),
  });
  if (images.length + layers.length > 0) console.log("Deleted Images:");
  for (const removed of images) printRemoved(removed);
  for (const diffId of layers) console.log(`Deleted: ${diffId}`);
  if (images.length + layers.length > 0) console.log();
  return bytes;
}
