import { readdirSync, rmSync, statSync } from "node:fs";
import { pause } from "../../platform/pause.ts";
import { type Descriptor, isIndexType, isManifestType } from "../oci.ts";
import { parseConfig, parseManifest } from "../parse-oci.ts";
import { blobPath, readBlob } from "./blobs.ts";
import { type Claim, claimAlone, liveClaims, makeClaim } from "./claims.ts";
import type { ImageStore } from "./image-store.ts";
import { readIndex } from "./index-file.ts";
import { findLayer, layerNames, removeAbandoned, removeLayer } from "./layers.ts";
import { ownerLives } from "./owner.ts";

/** What a collection removed. */
export interface Collected {
  readonly blobs: readonly string[];
  /** Diff ids. */
  readonly layers: readonly string[];
  /** Blobs, the files of layers, and leftovers of downloads, in bytes. */
  readonly bytes: number;
}

/**
 * To be held while blobs and layers are brought in before something refers to them: what is used from now on is not
 * collected. Waits while a collection goes on.
 */
export async function useStore(store: ImageStore): Promise<Claim> {
  const claim = makeClaim(store.claims, "use");
  while (liveClaims(store.claims, "gc").length > 0) await pause(5);
  await sweepAbandoned(store);
  return claim;
}

/**
 * Removes what killed processes left half made. Downloads stay: they are taken up again. Who looks after whom does
 * not matter, as no name is given out twice.
 */
async function sweepAbandoned(store: ImageStore): Promise<void> {
  const foreign: string[] = [];
  for (const name of layerNames(store)) {
    const path = `${store.layers}/${name}`;
    if (/^(new|gone)-/.test(name) && !isInUse(store, path, name)) add(foreign, removeAbandoned(store, name));
  }
  for (const folder of [store.downloads, store.layout])
    for (const name of readdirSync(folder)) {
      const path = `${folder}/${name}`;
      if (isLeftover(store, name, path) && !isInUse(store, path, name)) rmSync(path, { force: true });
    }
  for (const name of readdirSync(store.claims))
    if (!isInUse(store, `${store.claims}/${name}`, name)) rmSync(`${store.claims}/${name}`, { force: true });
  if (foreign.length > 0) await store.removeForeign?.(foreign);
}

/** Whether a file is of no use to others: it can become nothing, or is there already. */
function isLeftover(store: ImageStore, name: string, path: string): boolean {
  if (/^(new|index\.json|oci-layout)\./.test(name)) return true;
  const digest = /^(sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})\./.exec(name)?.[1]?.replace("-", ":");
  if (digest === undefined || name.includes(".kept-")) return false;
  return isThere(store, digest) || statSync(path, { throwIfNoEntry: false })?.size === 0;
}

function add(list: string[], path: string | undefined): void {
  if (path !== undefined) list.push(path);
}

/**
 * Removes blobs and layers that no image refers to and nobody is using, and what broken downloads left.
 *
 * @param keepLayers diff ids that containers stand on; asked once nobody can begin to use the store unseen
 */
export async function collectGarbage(
  store: ImageStore,
  keepLayers: () => ReadonlySet<string> = () => new Set(),
): Promise<Collected> {
  const claim = await claimAlone(store.claims, "gc");
  try {
    // Who uses the store made its claim before it looked for ours, or sees ours and waits.
    const users = liveClaims(store.claims, "use");
    let threshold = Date.now();
    for (const { since } of users) threshold = Math.min(threshold, since);
    const kept = referenced(store);
    for (const diffId of keepLayers()) kept.layers.add(diffId);
    const isOld = (path: string): boolean => users.length === 0 || changed(path) < threshold - 1000;

    const removed = { blobs: [] as string[], layers: [] as string[], bytes: 0 };
    for (const digest of blobDigests(store)) {
      const path = blobPath(store, digest);
      if (kept.blobs.has(digest) || !isOld(path)) continue;
      removed.bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      rmSync(path, { force: true });
      removed.blobs.push(digest);
    }
    const foreign: string[] = [];
    for (const name of layerNames(store)) {
      const path = `${store.layers}/${name}`;
      if (/^(new|gone)-/.test(name)) {
        if (!isInUse(store, path, name)) add(foreign, removeAbandoned(store, name));
        continue;
      }
      const diffId = name.replace("-", ":");
      if (kept.layers.has(diffId) || !isOld(path)) continue;
      removed.bytes += findLayer(store, diffId)?.size ?? 0;
      add(foreign, removeLayer(store, name));
      removed.layers.push(diffId);
    }
    if (foreign.length > 0) await store.removeForeign?.(foreign);
    for (const name of readdirSync(store.downloads)) {
      const path = `${store.downloads}/${name}`;
      if (name.includes(".kept-") ? !isOld(path) : isInUse(store, path, name)) continue;
      removed.bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      rmSync(path, { force: true });
    }
    return removed;
  } finally {
    claim.release();
  }
}

/**
 * Whether the process that made something runs; its name ends in that process's tag. In another pid namespace that shows
 * in its claims, too: unlike a folder that is being unpacked into, they are renewed.
 */
function isInUse(store: ImageStore, path: string, name: string): boolean {
  if (ownerLives(tagOf(name), changed(path))) return true;
  const process = processOf(name);
  return readdirSync(store.claims).some(
    (claim) => processOf(claim) === process && ownerLives(tagOf(claim), changed(`${store.claims}/${claim}`)),
  );
}

function tagOf(name: string): string {
  return name.split(".").slice(-4).join(".");
}

/** Of a tag what all of one process have. */
function processOf(name: string): string {
  return name.split(".").slice(-4, -1).join(".");
}

function changed(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function* blobDigests(store: ImageStore): Generator<string> {
  for (const algorithm of readdirSync(`${store.layout}/blobs`))
    for (const hex of readdirSync(`${store.layout}/blobs/${algorithm}`)) {
      const digest = `${algorithm}:${hex}`;
      if (/^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(digest)) yield digest;
    }
}

/** Everything that can be reached from the list of images. */
function referenced(store: ImageStore): { blobs: Set<string>; layers: Set<string> } {
  const blobs = new Set<string>();
  const layers = new Set<string>();
  const visit = (descriptor: Descriptor): void => {
    if (blobs.has(descriptor.digest)) return;
    blobs.add(descriptor.digest);
    const { digest, mediaType } = descriptor;
    if ((!isIndexType(mediaType) && !isManifestType(mediaType)) || !isThere(store, digest)) return;
    const parsed = parseManifest(readBlob(store, digest), mediaType, `manifest ${digest}`);
    if (parsed.kind === "index") {
      for (const inner of parsed.index.manifests) visit(inner);
      return;
    }
    const { config, layers: own, subject } = parsed.manifest;
    blobs.add(config.digest);
    for (const layer of own) blobs.add(layer.digest);
    if (subject !== undefined) visit(subject);
    if (!isThere(store, config.digest) || parsed.manifest.artifactType !== undefined) return;
    try {
      const { rootfs } = parseConfig(readBlob(store, config.digest), `configuration ${config.digest}`);
      for (const diffId of rootfs.diff_ids) layers.add(diffId);
    } catch {
      return; // no image but another artifact: it has no layers to unpack
    }
  };
  for (const descriptor of readIndex(store).manifests) visit(descriptor);
  return { blobs, layers };
}

function isThere(store: ImageStore, digest: string): boolean {
  return statSync(blobPath(store, digest), { throwIfNoEntry: false }) !== undefined;
}
