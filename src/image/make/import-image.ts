import { decompressed } from "../layer/index.ts";
import type { Platform } from "../oci.ts";
import { familiarReference, type Reference } from "../reference.ts";
import type { MakeContext } from "./add-layer.ts";
import { applyChanges } from "./change.ts";
import { type MadeImage, makeImage } from "./make-image.ts";

export interface ImportOptions {
  readonly platform: Platform;
  /** Instructions such as `CMD ["sh"]` ({@link applyChanges}). */
  readonly changes?: readonly string[];
  readonly message?: string;
  /** Absent: the image has none. */
  readonly reference?: Reference;
  /** Milliseconds since 1970; now, if absent. */
  readonly created?: number;
}

/**
 * Makes an image with one layer of a root file system's tar archive, compressed or not.
 *
 * @throws HuskError "invalid" for what is no archive
 */
export async function importImage(
  context: MakeContext,
  archive: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<MadeImage> {
  const { os, architecture, variant } = options.platform;
  const created = new Date(options.created ?? Date.now()).toISOString();
  const made = await makeImage(context, options.reference, {
    layers: [() => decompressed(archive, "the archive")],
    config: {
      created,
      architecture,
      os,
      ...(variant === undefined ? {} : { variant }),
      config: applyChanges({}, options.changes ?? []),
      history: [{ created, ...(options.message ? { comment: options.message } : {}) }],
    },
  });
  const { id } = made;
  context.store.tell?.(
    "import",
    id,
    options.reference === undefined ? id : familiarReference(options.reference),
  );
  return made;
}
