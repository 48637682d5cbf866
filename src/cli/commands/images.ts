import { familiarName, listImages, madeAt, parseReference, type StoredImage } from "../../image/index.ts";
import { print } from "../byte-output.ts";
import {
  ago,
  goTime,
  humanSize,
  imageSize,
  layOutList,
  type List,
  type Row,
  shortId,
} from "../format/index.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments, imageStore } from "../image-arguments.ts";
import { chooseImages, LIST_FILTERS } from "../image-filter.ts";
import { parseFilters } from "../values/filter.ts";
import { printHelp } from "../print-help.ts";

const LIST: List = {
  type: "image",
  titles: {
    ID: "IMAGE ID",
    Repository: "REPOSITORY",
    Tag: "TAG",
    Digest: "DIGEST",
    CreatedSince: "CREATED",
    CreatedAt: "CREATED AT",
    Size: "SIZE",
    Containers: "CONTAINERS",
    SharedSize: "SHARED SIZE",
    UniqueSize: "UNIQUE SIZE",
    VirtualSize: "SIZE",
  },
  table: "table {{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t{{.CreatedSince}}\\t{{.Size}}",
  quiet: "{{.ID}}",
};

const WITH_DIGESTS =
  "table {{.Repository}}\\t{{.Tag}}\\t{{.Digest}}\\t{{.ID}}\\t{{.CreatedSince}}\\t{{.Size}}";

/** `husk images`: the images of the store, a line for each name, the newest first. */
export async function images(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("images", argv, from, globals, [0, 1]);
  if (given === undefined) return printHelp(["images"]);
  const { words } = given;
  const list = given.on("digests") ? { ...LIST, table: WITH_DIGESTS } : LIST;
  const layout = layOutList(list, given.text("format"), given.on("quiet"));
  const filters = parseFilters(given.list("filter"), LIST_FILTERS);
  const store = imageStore(globals);
  const found = chooseImages(store, listImages(store), filters, words).toSorted(
    (a, b) => madeAt(b) - madeAt(a),
  );
  const whole = given.on("no-trunc");
  print(layout.whole(found.flatMap((image) => imageRows(image, whole))));
  return 0;
}

/** An image's lines: one for each name. */
export function imageRows(image: StoredImage, whole: boolean): Row[] {
  const { id, top, config, size } = image;
  const names = image.names.length > 0 ? image.names.map(parseReference) : [undefined];
  return names.map((name) => ({
    ID: whole ? id : shortId(id),
    Repository: name === undefined ? "<none>" : familiarName(name),
    Tag: name?.tag ?? "<none>",
    Digest: top.digest,
    CreatedSince: ago(config.created),
    CreatedAt: goTime(config.created),
    Size: imageSize(size),
    Containers: "N/A",
    SharedSize: "N/A",
    UniqueSize: "N/A",
    VirtualSize: humanSize(size),
  }));
}
