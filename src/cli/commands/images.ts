import {
  familiarName,
  familiarReference,
  hostPlatform,
  listImages,
  parseReference,
} from "../../image/index.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments, imageStore } from "../image-arguments.ts";
import { ago, size, table } from "../docker-table.ts";
import { parseChoice } from "../values/choice.ts";
import { printHelp } from "./help.ts";

/** `husk images`: the images of the store, a line for each name. */
export async function images(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const read = imageArguments("images", argv, from, globals, [0, 1]);
  if (read === undefined) return printHelp(["images"]);
  const { flags, words } = read;
  const format = parseChoice("format", flags["format"] ?? "text", ["text", "json"]);
  const wanted = words[0] === undefined ? undefined : parseReference(words[0]);
  const hasTag = words[0] !== undefined && /:[^/]*$|@/.test(words[0]);
  const rows = listImages(imageStore(globals), hostPlatform()).flatMap((image) => {
    const names = image.names.length > 0 ? image.names.map(parseReference) : [undefined];
    return names
      .filter(
        (name) =>
          wanted === undefined ||
          (name !== undefined &&
            familiarName(name) === familiarName(wanted) &&
            (!hasTag || familiarReference(name) === familiarReference(wanted))),
      )
      .map((name) => ({
        repository: name === undefined ? "<none>" : familiarName(name),
        tag: name?.tag ?? "<none>",
        digest: image.top.digest,
        id: image.id,
        created: image.config.created,
        size: image.size,
      }));
  });
  const short = (digest: string): string => (flags["no-trunc"] === undefined ? digest.slice(7, 19) : digest);
  if (format === "json") for (const row of rows) console.log(JSON.stringify(row));
  else if (flags["quiet"] !== undefined) for (const { id } of rows) console.log(short(id));
  else {
    const digests = flags["digests"] !== undefined;
    const head = ["REPOSITORY", "TAG", ...(digests ? ["DIGEST"] : []), "IMAGE ID", "CREATED", "SIZE"];
    const lines = rows.map(({ repository, tag, digest, id, created, size: bytes }) => [
      repository,
      tag,
      ...(digests ? [digest] : []),
      short(id),
      ago(created),
      size(bytes),
    ]);
    console.log(table([head, ...lines]));
  }
  return 0;
}
