import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { writeWhole } from "./write-whole.ts";

/** Folders of an image store. */
export interface ImageStore {
  /** An OCI image layout: oci-layout, index.json, blobs/ (image-layout.md). */
  readonly layout: string;
  /** Unpacked layers by diff id. */
  readonly layers: string;
  /** Blobs that are not whole yet. */
  readonly downloads: string;
  readonly claims: string;
  /** Removes folders whose files belong to ids of a user namespace; absent: there are none, or root removes them. */
  readonly removeForeign?: (folders: readonly string[]) => Promise<void>;
  /** Is told what happened to an image, in docker's words; `id` may be the name where the image is not here. */
  readonly tell?: (action: ImageAction, id: string, name: string) => void;
}

/** What docker calls what happens to images. */
export type ImageAction = "delete" | "import" | "load" | "pull" | "push" | "save" | "tag" | "untag";

/**
 * Opens the image store of an engine's root folder, making it if it is missing. Any number of processes may do so.
 *
 * @throws HuskError "unsupported" for a layout of another version, "denied" where nothing can be written
 */
export function openImageStore(
  root: string,
  options: Pick<ImageStore, "removeForeign" | "tell"> = {},
): ImageStore {
  const store: ImageStore = {
    ...options,
    layout: `${root}/images`,
    layers: `${root}/layers`,
    downloads: `${root}/downloads`,
    claims: `${root}/claims`,
  };
  try {
    for (const folder of [`${store.layout}/blobs/sha256`, store.layers, store.downloads, store.claims])
      if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
    openLayout(store.layout);
  } catch (cause) {
    if (cause instanceof HuskError) throw cause;
    throw new HuskError("denied", `cannot open the image store in ${root}: ${(cause as Error).message}`, {
      cause,
      hint: "give another folder with --root DIR",
    });
  }
  return store;
}

function openLayout(layout: string): void {
  const path = `${layout}/oci-layout`;
  if (!existsSync(path)) writeWhole(path, `${JSON.stringify({ imageLayoutVersion: "1.0.0" })}\n`);
  const { imageLayoutVersion } = Object(JSON.parse(readFileSync(path, "utf8")));
  if (imageLayoutVersion !== "1.0.0")
    throw new HuskError("unsupported", `${path} is of version ${String(imageLayoutVersion)}, not 1.0.0`, {
      hint: "it was written by a newer program: use that one",
    });
}
