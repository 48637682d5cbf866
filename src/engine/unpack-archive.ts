import { chmodSync, chownSync, statSync } from "node:fs";
import { LayerStream, type TarEntry } from "../image/index.ts";
import type { Home } from "./home.ts";
import { imageContext } from "./image-context.ts";

/** How {@link unpackArchive} does it. */
export interface UnpackArchiveOptions {
  /** "none" (absent): the archive is no layer; "overlay": as overlayfs has them. */
  readonly whiteouts?: "none" | "overlay";
  /** Changes what is said of an entry, such as owners. */
  readonly change?: (entry: TarEntry) => TarEntry;
  /** "mine": everything belongs to this user, whatever the archive says. */
  readonly owners?: "mine" | "theirs";
  readonly signal?: AbortSignal;
}

/** Who copies much within a process lets it do something else now and then. */
const BYTES_AT_ONCE = 16 << 20;

/**
 * Unpacks an archive, not compressed, into a folder, with the owners this user may give.
 *
 * @param folder its path, or a descriptor of one that was there before: its own owner and mode stay
 * @returns the archive's size in bytes
 * @throws what `signal` says; what was unpacked until then is the caller's to remove
 */
export async function unpackArchive(
  home: Home,
  folder: string | number,
  archive: AsyncIterable<Uint8Array>,
  { whiteouts = "none", change, owners = "theirs", signal }: UnpackArchiveOptions = {},
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
    let [bytes, turn] = [0, BYTES_AT_ONCE];
    for await (const piece of archive) {
      signal?.throwIfAborted();
      bytes += piece.length;
      await stream.write(piece);
      if (bytes < turn) continue;
      turn = bytes + BYTES_AT_ONCE;
      await new Promise((resolve) => setImmediate(resolve));
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
