import { openAsBlob } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { type Descriptor, isForeign, type Platform } from "../oci.ts";
import { parseManifest } from "../parse-oci.ts";
import { familiarReference, manifestName, parseReference, type Reference } from "../reference.ts";
import { wholeImage } from "../whole-image.ts";
import {
  endpointsOf,
  type RegistryRule,
  Repository,
  Session,
  type SessionOptions,
} from "../registry/index.ts";
import {
  blobPath,
  findImage,
  hasBlob,
  type ImageStore,
  nameOf,
  readBlob,
  readIndex,
  useStore,
} from "../store/index.ts";

export interface PushOptions {
  readonly rules: readonly RegistryRule[];
  readonly session: Omit<SessionOptions, "insecure">;
  /** Which image is pushed where the store has not those of all platforms. */
  readonly platform: Platform;
  /** Blobs that travel at the same time. */
  readonly parallel: number;
  readonly progress: (progress: PushProgress) => void;
  readonly warn: (message: string) => void;
}

export interface PushProgress {
  readonly digest: string;
  readonly size: number;
  readonly state: "exists" | "mounted" | "pushing" | "pushed";
}

/**
 * Brings an image of the store to the registry that its name says. What the registry has already does not travel.
 *
 * @returns the digest of what the name stands for there
 * @throws HuskError "not-found" when the store has no such image, "denied", "failed"
 */
export async function pushImage(
  store: ImageStore,
  reference: Reference,
  options: PushOptions,
): Promise<{ digest: string; size: number }> {
  const use = await useStore(store);
  try {
    const name = familiarReference(reference);
    const image = findImage(store, reference);
    if (image === undefined)
      throw new HuskError("not-found", `there is no image ${name}`, {
        hint: "husk images lists those there are",
      });
    // Mirrors are for pulling: the last endpoint is the registry itself.
    const endpoint = endpointsOf(options.rules, `${reference.registry}/${reference.repository}`, true).at(-1);
    if (endpoint === undefined) throw new Error("no endpoint");
    const session = new Session(endpoint.registry, { ...options.session, insecure: endpoint.insecure });
    const target = new Repository(session, endpoint.repository);
    const { documents, top, isPart } = wholeImage(store, image, name, options.platform);
    if (isPart)
      options.warn(
        `${name} is here for one platform only: that image is pushed, so its digest is ${top.digest}`,
      );
    const blobs = new Map<string, Descriptor>();
    for (const { manifest } of documents)
      if (manifest !== undefined)
        for (const blob of [manifest.config, ...manifest.layers])
          if (!isForeign(blob.mediaType) || hasBlob(store, blob.digest)) blobs.set(blob.digest, blob);
    const sources = mountSources(store, reference);
    await inParallel([...blobs.values()], options.parallel, (blob) =>
      pushBlob(store, target, blob, sources.get(blob.digest), options.progress),
    );
    // What an index lists has to be there before it; the name comes last.
    for (const { bytes, digest, mediaType } of documents)
      if (digest !== top.digest) await target.pushManifest(digest, bytes, mediaType);
    await target.pushManifest(manifestName(reference), top.bytes, top.mediaType);
    const shown = familiarReference(reference);
    store.tell?.("push", shown, shown);
    return { digest: top.digest, size: top.bytes.length };
  } finally {
    use.release();
  }
}

/** Other repositories of the same registry that, as far as is known here, have a blob. */
function mountSources(store: ImageStore, { registry, repository }: Reference): Map<string, string> {
  const sources = new Map<string, string>();
  for (const descriptor of readIndex(store).manifests) {
    const name = nameOf(descriptor);
    if (name === undefined || !name.startsWith(`${registry}/`)) continue;
    const other = parseReference(name).repository;
    if (other === repository) continue;
    const visit = (digest: string, mediaType: string | undefined): void => {
      if (!hasBlob(store, digest)) return;
      const parsed = parseManifest(readBlob(store, digest), mediaType, `manifest ${digest}`);
      if (parsed.kind === "index")
        for (const inner of parsed.index.manifests) visit(inner.digest, inner.mediaType);
      else for (const blob of parsed.manifest.layers) sources.set(blob.digest, other);
    };
    visit(descriptor.digest, descriptor.mediaType);
  }
  return sources;
}

async function pushBlob(
  store: ImageStore,
  target: Repository,
  blob: Descriptor,
  mountFrom: string | undefined,
  progress: (progress: PushProgress) => void,
): Promise<void> {
  const { digest, size } = blob;
  if (await target.hasBlob(digest)) return progress({ digest, size, state: "exists" });
  if (!hasBlob(store, digest))
    throw new HuskError("not-found", `the image store has no blob ${digest}`, {
      hint: "pull the image again",
    });
  progress({ digest, size, state: "pushing" });
  const mounted = await target.pushBlob(digest, () => openAsBlob(blobPath(store, digest)), mountFrom);
  progress({ digest, size, state: mounted ? "mounted" : "pushed" });
}

async function inParallel<T>(items: T[], parallel: number, each: (item: T) => Promise<void>): Promise<void> {
  let failure: { error: unknown } | undefined;
  const work = async (): Promise<void> => {
    for (let item = items.shift(); item !== undefined && failure === undefined; item = items.shift()) {
      try {
        await each(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, parallel) }, work));
  if (failure !== undefined) throw failure.error;
}
