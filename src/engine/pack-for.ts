import { writeSync } from "node:fs";
import { packLayer, packMerged, type Packing } from "../image/index.ts";
import { HuskError } from "../platform/error.ts";
import type { Home } from "./home.ts";
import { imageContext } from "./image-context.ts";

/**
 * Writes an archive of folders to stdout: for a husk of the user whose ids this process is root of.
 *
 * @param what {@link Packing}
 */
export async function packTo(home: Home, what: string, folders: readonly string[]): Promise<void> {
  const { tools } = imageContext(home, () => {});
  for await (const piece of archiveOf(what as Packing, folders, tools))
    for (let at = 0; at < piece.length; ) at += writeSync(1, piece, at);
}

function archiveOf(
  what: Packing,
  folders: readonly string[],
  tools: Parameters<typeof packMerged>[1],
): AsyncIterable<Uint8Array> {
  const [first] = folders;
  if (first !== undefined && what === "merged") return packMerged(folders, tools);
  if (first !== undefined && (what === "overlay" || what === "folder"))
    return packLayer(first, { overlay: what === "overlay" }, tools);
  throw new HuskError("invalid", `husk internal pack ${what}: no such archive`, {
    hint: "this is for husk's own use",
  });
}
