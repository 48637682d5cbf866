import { HuskError } from "../../platform/error.ts";
import type { MakeContext } from "../make/index.ts";
import { type Platform } from "../oci.ts";
import { type ImageStore, useStore } from "../store/index.ts";
import { type ArchiveFiles, folderFiles, spoolArchive } from "./archive-files.ts";
import { decompressed, spreadFolders } from "../layer/index.ts";
import { loadDockerArchive } from "./load-docker.ts";
import { loadLayout } from "./load-layout.ts";

export interface LoadOptions {
  /** Of images for several platforms only this one; absent: all that are in the archive. */
  readonly platform?: Platform;
  /** Is told when a layer of so many bytes begins to be unpacked, and when it is done. */
  readonly progress: (diffId: string, size: number, isDone: boolean) => void;
}

/** What loading needs. */
export type Loading = LoadOptions & MakeContext;

/** An image that was in an archive and is in the store now. */
export interface LoadedImage {
  /** Whole names; none if the archive does not tell. */
  readonly names: readonly string[];
  /** Digest of its configuration; of an index for several platforms its own digest. */
  readonly id: string;
}

/**
 * Brings the images of an archive into the store, with their layers unpacked: docker's archives, old and new, OCI
 * archives, compressed or not, and folders with an OCI image layout or an unpacked archive in them.
 *
 * @throws HuskError "invalid" for what is no archive of images, or not whole; nothing of it is listed then
 */
export async function loadImages(
  context: MakeContext,
  source: AsyncIterable<Uint8Array> | { readonly folder: string },
  options: LoadOptions,
): Promise<LoadedImage[]> {
  const { store } = context;
  const loading: Loading = { ...context, ...options };
  const use = await useStore(store);
  let files: ArchiveFiles | undefined;
  try {
    files =
      "folder" in source
        ? folderFiles(store, source.folder)
        : await spoolArchive(store, decompressed(source, "the archive"));
    await spreadFolders(store.layers, context.tools);
    // What has both is docker's archive since version 25: the layout tells more.
    if (files.read("oci-layout") !== undefined && files.read("index.json") !== undefined)
      return told(store, await loadLayout(store, files, loading));
    if (files.read("manifest.json") !== undefined)
      return told(store, await loadDockerArchive(store, files, loading));
    const isOld = files.read("repositories") !== undefined;
    throw new HuskError(
      isOld ? "unsupported" : "invalid",
      isOld ? "this archive was written by a docker before version 1.10" : "this is no archive of images",
      {
        hint: isOld
          ? "load it with a docker of that time and save it anew"
          : "it has neither manifest.json nor index.json; husk import makes an image of a root file system",
      },
    );
  } finally {
    files?.discard();
    use.release();
  }
}

function told(store: ImageStore, loaded: LoadedImage[]): LoadedImage[] {
  for (const { id, names } of loaded) store.tell?.("load", id, names[0] ?? id);
  return loaded;
}
