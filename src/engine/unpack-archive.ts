import { chmodSync, chownSync, statSync } from "node:fs";
import { LayerStream, type TarEntry } from "../image/index.ts";
import type { Home } from "./home.ts";
import { imageContext } from "./image-context.ts";

/**
 * Unpacks an archive, not compressed, into a folder, with the owners this user may give.
 *
 * @param folder its path, or a descriptor of one that was there before: its own owner and mode stay
 * @param whiteouts "none": the archive is no layer; "overlay": as overlayfs has them
 * @param change of what is said of an entry, such as owners
 * @param owners "mine": everything belongs to this user, whatever the archive says
 * @returns the archive's size in bytes
 */
export async function unpackArchive(
  home: Home,
  folder: string | number,
  archive: AsyncIterable<Uint8Array>,
  whiteouts: "none" | "overlay",
  change?: (entry: TarEntry) => TarEntry,
  owners: "mine" | "theirs" = "theirs",
): Promise<number> {
  const { tools, unpack } = imageContext(home, () => {});
  const { lostMarks: _, ...own } = unpack;
  const options = {
    ...own,
    whiteouts,
    keepsRoot: typeof folder === "number",
    ...(owners === "mine" ? { owners: "never" as const } : {}),
    ...(change && { change }),
  };
  const stream =
    typeof folder === "string"
      ? new LayerStream(folder, options, tools, "none")
      : new LayerStream(`/proc/self/fd/${folder}/.`, options, { ...tools, folder }, "none");
  try {
    let bytes = 0;
    for await (const piece of archive) {
      bytes += piece.length;
      await stream.write(piece);
    }
    await stream.finish();
    return bytes;
  } catch (error) {
    stream.abandon();
    throw error;
  }
}

/** Gives a folder another one's owner and mode. */
export function becomeLike(folder: string, model: string): void {
  const { mode, uid, gid } = statSync(model);
  const own = statSync(folder);
  if (own.uid !== uid || own.gid !== gid) chownSync(folder, uid, gid);
  chmodSync(folder, mode & 0o7777);
}
