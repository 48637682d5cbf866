import { findId } from "../../engine/container/find.ts";
import { listContainers } from "../../engine/container/list.ts";
import { containerPaths } from "../../engine/container/paths.ts";
import { readRecord } from "../../engine/container/read-record.ts";
import { type ContainerSummary, isAlive, isLost } from "../../engine/container/state.ts";
import { type Folders, openFolders } from "../../engine/folders.ts";
import { print } from "../byte-output.ts";
import { readArguments } from "../command-arguments.ts";
import type { FilterFacts } from "../containers/filter.ts";
import { type ContainerSize, containerList, containerRow } from "../containers/row.ts";
import { CONTAINER_FLAGS } from "../flags/container.ts";
import { layOutList } from "../format/list.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { oneLine, printError } from "../stderr.ts";
import { parseInteger } from "../values/number.ts";

/** `husk ps`: a line for each container. */
export async function ps(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = readArguments({ name: "ps", flags: CONTAINER_FLAGS.ps, most: 0 }, argv, from, globals);
  if (given === undefined) {
    const { printHelp } = await import("./help.ts");
    return printHelp(["ps"]);
  }
  const home = homeOf(globals);
  const folders = openFolders(home.folders);
  const last = given.on("latest") ? 1 : parseInteger("last", given.text("last") ?? "-1", -1, 1_000_000);
  const texts = given.list("filter");
  // Who asks for a status, or for the last ones, means all containers.
  const asksStatus = texts.some((text) => /^\s*(status|exited)\s*=/i.test(text));
  const all = given.on("all") || last > 0 || asksStatus;
  const warn = (message: string): void => printError(oneLine(`husk: warning: ${message}`));
  let found = listContainers(folders, warn);
  if (found.some((one) => isLost(folders, one.record.id, one))) {
    const { sweepHome } = await import("../../engine/life/sweep-home.ts");
    await sweepHome(home);
    found = listContainers(folders, warn);
  }
  let containers = all ? found : found.filter(isAlive);
  if (texts.length > 0) {
    const { CONTAINER_FILTERS, containerFilter } = await import("../containers/filter.ts");
    const { parseFilters } = await import("../values/filter.ts");
    const facts = await filterFacts(folders, texts);
    containers = containers.filter(containerFilter(parseFilters(texts, CONTAINER_FILTERS), facts));
  }
  if (last > 0) containers = containers.slice(0, last);
  const format = given.text("format");
  const withSize = given.on("size");
  const sizes =
    withSize || format?.includes(".Size") === true ? await sizesOf(folders, containers) : undefined;
  const layout = layOutList(containerList(withSize), format, given.on("quiet"));
  const options = {
    whole: given.on("no-trunc"),
    now: Date.now(),
    size: ({ record }: ContainerSummary) => sizes?.get(record.id) ?? { written: 0, total: 0 },
  };
  print(layout.whole(containers.map((one) => containerRow(one, options))));
  return 0;
}

async function sizesOf(
  folders: Folders,
  containers: readonly ContainerSummary[],
): Promise<Map<string, ContainerSize>> {
  const { writtenSize } = await import("../../engine/container/folder-size.ts");
  const { rootSize } = await import("../../engine/fork/size.ts");
  const { listImages, openImageStore } = await import("../../image/index.ts");
  const images = containers.some(({ record }) => record.source.kind === "image")
    ? listImages(openImageStore(folders.root))
    : [];
  return new Map(
    containers.map(({ record }) => {
      const { id, source } = record;
      const written = writtenSize(containerPaths(folders, id));
      const image = source.kind === "image" ? images.find((one) => one.id === source.id) : undefined;
      const total = image === undefined ? 0 : rootSize(folders, record, written, image.size);
      return [id, { written, total }];
    }),
  );
}

async function filterFacts(folders: Folders, texts: readonly string[]): Promise<FilterFacts> {
  const images = texts.some((text) => /^\s*ancestor\s*=/i.test(text))
    ? await import("../../image/index.ts")
    : undefined;
  return {
    createdAt: (name) => readRecord(containerPaths(folders, findId(folders, name)).record)?.created ?? 0,
    imageLayers(name) {
      if (images === undefined) return undefined;
      const { hostPlatform, loadImage, openImageStore, parseReference } = images;
      try {
        return loadImage(openImageStore(folders.root), parseReference(name), hostPlatform())?.config.rootfs
          .diff_ids;
      } catch {
        return undefined; // No name of an image.
      }
    },
  };
}
