import { readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { type Descriptor, type Index, MEDIA, REF_NAME } from "../oci.ts";
import { checkDescriptor, parseObject } from "../parse-oci.ts";
import { formatReference, type Reference } from "../reference.ts";
import { claimAlone } from "./claims.ts";
import { diskError } from "./disk-error.ts";
import type { ImageStore } from "./image-store.ts";
import { writeWhole } from "./write-whole.ts";

/**
 * The store's list of images: index.json of the image layout. Names are whole references (`docker.io/library/debian:12`)
 * in the annotation org.opencontainers.image.ref.name; an image without one is kept, and removed by pruning.
 *
 * @throws HuskError "invalid" when it is damaged
 */
export function readIndex(store: ImageStore): Index {
  const path = `${store.layout}/index.json`;
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT")
      return { schemaVersion: 2, mediaType: MEDIA.index, manifests: [] };
    throw diskError(`cannot read ${path}`, cause);
  }
  const json = parseObject(bytes, path);
  const { manifests } = json;
  if (json["schemaVersion"] !== 2 || !Array.isArray(manifests))
    throw new HuskError("invalid", `${path} is no image index`, {
      hint: "mend it, or remove the folder it is in",
    });
  for (const [i, item] of manifests.entries()) checkDescriptor(item, `${path}, manifests[${i}]`);
  return json as unknown as Index;
}

/**
 * Changes the list of images; what other processes changed before is seen, and nobody else changes it meanwhile.
 * Nothing is written if `change` returns what it was given.
 */
async function updateIndex(
  store: ImageStore,
  change: (manifests: readonly Descriptor[]) => readonly Descriptor[],
): Promise<void> {
  const claim = await claimAlone(store.claims, "index");
  try {
    const index = readIndex(store);
    const manifests = change(index.manifests);
    if (manifests === index.manifests) return;
    writeWhole(`${store.layout}/index.json`, `${JSON.stringify({ ...index, manifests }, undefined, 2)}\n`);
  } finally {
    claim.release();
  }
}

/** What a name stands for; undefined if the store has no image of that name. */
export function findImage(store: ImageStore, reference: Reference): Descriptor | undefined {
  const name = formatReference(reference);
  const { manifests } = readIndex(store);
  const found = manifests.find((descriptor) => nameOf(descriptor) === name);
  if (found !== undefined || reference.digest === undefined) return found;
  // A digest of the same repository says the same under any tag.
  const start = `${reference.registry}/${reference.repository}`;
  return manifests.find(
    (descriptor) =>
      descriptor.digest === reference.digest &&
      /^[:@]/.test(nameOf(descriptor)?.slice(start.length) ?? "") &&
      nameOf(descriptor)?.startsWith(start),
  );
}

/** Tags that images of a repository have here, in the order of their bytes. */
export function tagsHere(
  store: ImageStore,
  { registry, repository }: Omit<Reference, "tag" | "digest">,
): string[] {
  const start = `${registry}/${repository}:`;
  const tags: string[] = [];
  for (const descriptor of readIndex(store).manifests) {
    const tag =
      nameOf(descriptor)?.startsWith(start) === true ? nameOf(descriptor)?.slice(start.length) : undefined;
    if (tag !== undefined && !tag.includes("@")) tags.push(tag);
  }
  return tags.toSorted();
}

export function nameOf(descriptor: Descriptor): string | undefined {
  return descriptor.annotations?.[REF_NAME];
}

/** Gives an image a name; an image that had it before keeps its place in the list without a name. */
export async function nameImage(store: ImageStore, reference: Reference, image: Descriptor): Promise<void> {
  const name = formatReference(reference);
  await updateIndex(store, (manifests) => {
    const kept: Descriptor[] = [];
    for (const descriptor of manifests) {
      if (nameOf(descriptor) !== name) kept.push(descriptor);
      else if (descriptor.digest === image.digest) return manifests;
      else if (!manifests.some((other) => other !== descriptor && other.digest === descriptor.digest))
        kept.push(withoutName(descriptor));
    }
    const isListed = (descriptor: Descriptor) =>
      descriptor.digest === image.digest && nameOf(descriptor) === undefined;
    const others = kept.filter((descriptor) => !isListed(descriptor));
    return [...others, { ...withoutName(image), annotations: { ...image.annotations, [REF_NAME]: name } }];
  });
}

/**
 * Takes names away, and with the last one the image.
 *
 * @returns names that were there
 */
export async function removeNames(store: ImageStore, names: readonly string[]): Promise<string[]> {
  const removed: string[] = [];
  await updateIndex(store, (manifests) => {
    const kept = manifests.filter((descriptor) => {
      const name = nameOf(descriptor);
      if (name === undefined || !names.includes(name)) return true;
      removed.push(name);
      return false;
    });
    return kept.length === manifests.length ? manifests : kept;
  });
  return removed;
}

/** Keeps an image that has no name; one that is listed already stays as it is. */
export async function keepUnnamed(store: ImageStore, image: Descriptor): Promise<void> {
  await updateIndex(store, (manifests) =>
    manifests.some(({ digest }) => digest === image.digest) ? manifests : [...manifests, withoutName(image)],
  );
}

/** Takes images off the list, whatever names they have. */
export async function forgetImages(store: ImageStore, digests: ReadonlySet<string>): Promise<void> {
  await updateIndex(store, (manifests) => {
    const kept = manifests.filter(({ digest }) => !digests.has(digest));
    return kept.length === manifests.length ? manifests : kept;
  });
}

function withoutName(descriptor: Descriptor): Descriptor {
  const { [REF_NAME]: _name, ...annotations } = descriptor.annotations ?? {};
  const { annotations: _old, ...rest } = descriptor;
  return Object.keys(annotations).length === 0 ? rest : { ...rest, annotations };
}
