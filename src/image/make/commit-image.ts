import type { StoredImage } from "../images.ts";
import { packLayer } from "../layer/index.ts";
import type { HistoryEntry, Platform, RunConfig } from "../oci.ts";
import type { Reference } from "../reference.ts";
import type { TarEntry } from "../tar/index.ts";
import type { MakeContext } from "./add-layer.ts";
import { applyChanges } from "./change.ts";
import { type MadeImage, makeImage } from "./make-image.ts";

/** A container that becomes an image. */
export interface CommitOptions {
  /** The image the container was made of; absent: it was made of none. */
  readonly base?: Pick<StoredImage, "manifest" | "config">;
  /** What it runs on, where there is no base. */
  readonly platform: Platform;
  /** Upper folders of overlays, each on those before it: what the container changed. */
  readonly uppers: readonly string[];
  /** Owners as the container sees them; absent: those the files have. */
  readonly owners?: (entry: TarEntry) => TarEntry;
  /** How the container was run: what a container of the new image does if nobody says otherwise. */
  readonly config: RunConfig;
  /** Instructions on top of that ({@link applyChanges}). */
  readonly changes?: readonly string[];
  readonly author?: string;
  readonly message?: string;
  /** Its command line, for the history. */
  readonly createdBy: string;
  /** Absent: the image has none. */
  readonly reference?: Reference;
  /** Milliseconds since 1970; now, if absent. */
  readonly created?: number;
}

/**
 * Makes an image of an image and what a container changed in it. Nothing is listed before all of it is there.
 *
 * @throws HuskError "invalid" for a change, "failed" for files that change meanwhile: the container should be paused
 */
export async function commitImage(context: MakeContext, options: CommitOptions): Promise<MadeImage> {
  const { base, uppers, owners, author, message, createdBy } = options;
  const config = applyChanges(options.config, options.changes ?? []);
  const created = new Date(options.created ?? Date.now()).toISOString();
  const { os, architecture, variant } = base?.config ?? options.platform;
  const step: HistoryEntry = {
    created,
    created_by: createdBy,
    ...(author ? { author } : {}),
    ...(message ? { comment: message } : {}),
  };
  // Steps have to match layers, also those of a base that tells none.
  const before = base?.config.history ?? base?.config.rootfs.diff_ids.map((): HistoryEntry => ({})) ?? [];
  return makeImage(context, options.reference, {
    ...(base === undefined ? {} : { base }),
    layers: uppers.map(
      (upper) => () => packLayer(upper, { overlay: true, ...(owners && { change: owners }) }, context.tools),
    ),
    config: {
      created,
      ...(author ? { author } : {}),
      architecture,
      os,
      ...(variant === undefined ? {} : { variant }),
      config,
      history: [...before, ...uppers.slice(1).map((): HistoryEntry => ({ created })), step],
    },
  });
}
