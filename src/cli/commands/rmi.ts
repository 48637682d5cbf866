import {
  familiarReference,
  findByNameOrId,
  formatReference,
  hostPlatform,
  parseReference,
} from "../../image/index.ts";
import { collectGarbage, removeNames } from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments, imageStore } from "../image-arguments.ts";
import { printHelp } from "./help.ts";

/** `husk rmi`: takes names away, and removes images that have none any more. */
export async function rmi(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const read = imageArguments("rmi", argv, from, globals, [1, Number.POSITIVE_INFINITY]);
  if (read === undefined) return printHelp(["rmi"]);
  const force = read.flags["force"] !== undefined;
  const store = imageStore(globals);
  let failure: unknown;
  for (const word of read.words) {
    try {
      const image = findByNameOrId(store, word, hostPlatform());
      const isName =
        !/^(sha256:)?[0-9a-f]{4,64}$/.test(word) ||
        image.names.includes(formatReference(parseReference(word)));
      if (!isName && image.names.length > 1 && !force)
        throw new HuskError("conflict", `image ${word} has several names: ${image.names.join(", ")}`, {
          hint: "remove it by name, or all of them with --force",
        });
      const names = isName ? [formatReference(parseReference(word))] : image.names;
      for (const name of await removeNames(store, names))
        console.log(`Untagged: ${familiarReference(parseReference(name))}`);
    } catch (error) {
      if (!(force && error instanceof HuskError && error.code === "not-found")) failure ??= error;
    }
  }
  const { blobs, layers } = await collectGarbage(store);
  for (const digest of [...blobs, ...layers]) console.log(`Deleted: ${digest}`);
  if (failure !== undefined) throw failure;
  return 0;
}
