import { HuskError } from "../platform/error.ts";
import { findByNameOrId, listImages, type StoredImage } from "./images.ts";
import type { Platform } from "./oci.ts";
import { familiarReference, formatReference, parseReference } from "./reference.ts";
import { collectGarbage, forgetImages, type ImageStore, keepUnnamed, removeNames } from "./store/index.ts";

/** Who stands on an image: containers, each in words such as `container web, which is running`. */
export type ImageUsers = (image: StoredImage) => readonly ImageUser[];

export interface ImageUser {
  /** The container's id or name. */
  readonly name: string;
  readonly running: boolean;
}

/** What a removal did. */
export interface Removed {
  /** Names that are gone, in the familiar form. */
  readonly untagged: readonly string[];
  /** The id of an image that is gone with its last name. */
  readonly deleted: string | undefined;
}

/**
 * Takes a name from an image; with the last one, or by an id, the image goes. Blobs and layers are left to
 * {@link collectGarbage}.
 *
 * @param force by an id: take all names; remove it though stopped containers stand on it. An image that running
 *   containers stand on loses its last name only, and not its id
 * @throws HuskError "not-found"; "conflict" for an id of several names, or an image that is in use
 */
export async function removeImage(
  store: ImageStore,
  text: string,
  options: { force: boolean; platform?: Platform; users: ImageUsers },
): Promise<Removed> {
  const { force } = options;
  let image: StoredImage;
  try {
    image = findByNameOrId(store, text, options.platform);
  } catch (error) {
    if (options.platform !== undefined || !(error instanceof HuskError && error.code === "not-found"))
      throw error;
    return forgetName(store, text, error);
  }
  const named = nameIn(image, text);
  if (named === undefined && image.names.length > 1 && !force)
    throw new HuskError("conflict", `image ${text} has several names: ${image.names.join(", ")}`, {
      hint: "remove it by name, or all of them with --force",
    });
  const isLast = named === undefined || image.names.length === 1;
  const users = isLast ? options.users(image) : [];
  const running = users.find((user) => user.running);
  if (users[0] !== undefined && (!force || (running !== undefined && named === undefined)))
    throw inUse(text, running ?? users[0]);
  const names = named === undefined ? image.names : [named];
  const goes = isLast && running === undefined;
  const untagged = await removeNames(store, names);
  if (goes) await forgetImages(store, new Set([image.top.digest]));
  else if (isLast) await keepUnnamed(store, image.top);
  tellRemoved(store, image.id, untagged, goes);
  return {
    untagged: untagged.map((name) => familiarReference(parseReference(name))),
    deleted: goes ? image.id : undefined,
  };
}

/** The name of what is no image, or not here as a whole: nobody can use it. */
async function forgetName(store: ImageStore, text: string, missing: HuskError): Promise<Removed> {
  const untagged = await removeNames(store, [formatReference(parseReference(text))]);
  if (untagged.length === 0) throw missing;
  return { untagged: untagged.map((name) => familiarReference(parseReference(name))), deleted: undefined };
}

function tellRemoved({ tell }: ImageStore, id: string, untagged: readonly string[], goes: boolean): void {
  for (const name of untagged) tell?.("untag", id, familiarReference(parseReference(name)));
  if (goes) tell?.("delete", id, id);
}

function inUse(text: string, { name, running }: ImageUser): HuskError {
  const state = running ? "running" : "stopped";
  return new HuskError("conflict", `image ${text} is used by the ${state} container ${name}`, {
    hint: running ? "stop and remove the container first" : "remove the container first, or use --force",
  });
}

/** The name that is meant; undefined: an id was given. */
function nameIn(image: StoredImage, text: string): string | undefined {
  const isId = /^(sha256:)?[0-9a-f]{4,64}$/.test(text);
  if (isId && !(/^[0-9a-f]{4,63}$/.test(text) && image.names.includes(formatReference(parseReference(text)))))
    return undefined;
  const name = formatReference(parseReference(text));
  return image.names.includes(name) ? name : undefined;
}

/** Which images `image prune` removes. */
export interface PruneOptions {
  /** All that no container stands on, not only those without a name. */
  readonly all: boolean;
  readonly users: ImageUsers;
  /** As with {@link collectGarbage}. */
  readonly keepLayers: () => ReadonlySet<string>;
  /** Of those, only the ones it lets through. */
  readonly choose: (images: readonly StoredImage[]) => readonly StoredImage[];
}

/** What pruning removed. */
export interface Pruned {
  readonly images: readonly Removed[];
  /** Diff ids. */
  readonly layers: readonly string[];
  readonly bytes: number;
}

/** Removes images nobody needs, and then all blobs and layers that nothing refers to. */
export async function pruneImages(store: ImageStore, options: PruneOptions): Promise<Pruned> {
  const { all, users, choose } = options;
  const unneeded = listImages(store).filter(
    (image) => (all || image.names.length === 0) && users(image).length === 0,
  );
  const images: Removed[] = [];
  for (const image of choose(unneeded)) {
    const untagged = await removeNames(store, image.names);
    await forgetImages(store, new Set([image.top.digest]));
    tellRemoved(store, image.id, untagged, true);
    images.push({
      untagged: untagged.map((name) => familiarReference(parseReference(name))),
      deleted: image.id,
    });
  }
  const { layers, bytes } = await collectGarbage(store, options.keepLayers);
  return { images, layers, bytes };
}
