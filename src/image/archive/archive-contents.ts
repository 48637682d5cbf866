import { HuskError } from "../../platform/error.ts";
import { findByNameOrId, type StoredImage } from "../images.ts";
import { type Descriptor, isForeign, MEDIA, type Platform, REF_NAME } from "../oci.ts";
import { fitness, formatPlatform } from "../platform.ts";
import {
  familiarName,
  familiarReference,
  formatReference,
  parseReference,
  type Reference,
} from "../reference.ts";
import { hasBlob, type ImageStore } from "../store/index.ts";
import { type Document, wholeImage } from "../whole-image.ts";
import { inOciForm } from "../oci-form.ts";

/**
 * "docker": docker's archive as it writes them since version 25, an OCI image layout with docker's manifest.json.
 * "oci": the layout alone, with manifests in OCI's form.
 */
export type ArchiveForm = "docker" | "oci";

export interface SaveOptions {
  readonly form: ArchiveForm;
  /** Only this platform; absent: all that are here, or this machine's where not all are. */
  readonly only?: Platform;
  readonly platform: Platform;
  readonly warn: (message: string) => void;
}

/** A file of an archive. */
export interface ArchiveFile {
  readonly path: string;
  readonly content: Uint8Array | { readonly blob: string; readonly size: number };
}

/** An image that goes into an archive, under the names that were asked for. */
interface Chosen {
  readonly image: StoredImage;
  readonly names: Reference[];
}

/**
 * The files of an archive of images, in the order of their paths.
 *
 * @throws HuskError "not-found"
 */
export function archiveContents(
  store: ImageStore,
  texts: readonly string[],
  options: SaveOptions,
): ArchiveFile[] {
  const files = new Map<string, ArchiveFile>();
  const add = (path: string, content: ArchiveFile["content"] | object): void => {
    const isPlain = !(content instanceof Uint8Array) && !("blob" in content);
    files.set(path, { path, content: isPlain ? Buffer.from(JSON.stringify(content)) : content });
  };
  const listed: Descriptor[] = [];
  const docker: object[] = [];
  const repositories: Record<string, Record<string, string>> = {};
  for (const { image, names } of chosenImages(store, texts, options)) {
    const title = names[0] === undefined ? image.id : familiarReference(names[0]);
    const whole = wholeImage(
      store,
      image.top,
      title,
      options.only ?? options.platform,
      options.only !== undefined,
    );
    if (whole.isPart && options.only === undefined)
      options.warn(`${title} is here for one platform only: the archive has that one, ${whole.top.digest}`);
    const documents = options.form === "oci" ? inOciForm(whole.documents) : whole.documents;
    for (const document of documents) addDocument(store, document, add);
    const top = documents.at(-1) as Document;
    const descriptor: Descriptor = { mediaType: top.mediaType, digest: top.digest, size: top.bytes.length };
    if (names.length === 0) listed.push(descriptor);
    for (const name of names) listed.push({ ...descriptor, annotations: annotationsOf(name) });
    docker.push(dockerEntry(image, names));
    for (const { tag, ...name } of names)
      if (tag !== undefined) (repositories[familiarName(name)] ??= {})[tag] = topLayer(image);
  }
  add("oci-layout", { imageLayoutVersion: "1.0.0" });
  add("index.json", { schemaVersion: 2, mediaType: MEDIA.index, manifests: listed });
  if (options.form === "docker") {
    add("manifest.json", docker);
    if (Object.keys(repositories).length > 0) add("repositories", repositories);
  }
  return [...files.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function chosenImages(store: ImageStore, texts: readonly string[], options: SaveOptions): Chosen[] {
  const chosen = new Map<string, Chosen>();
  for (const text of texts) {
    const image = findByNameOrId(store, text, options.only);
    if (options.only !== undefined && fitness(options.only, image.config) === 0)
      throw new HuskError("not-found", `${text} is not here for ${formatPlatform(options.only)}`, {
        hint: `it is here for ${formatPlatform(image.config)}`,
      });
    const entry = chosen.get(image.top.digest) ?? { image, names: [] };
    chosen.set(image.top.digest, entry);
    const isId = /^(sha256:)?[0-9a-f]{4,64}$/.test(text);
    const name = isId ? undefined : formatReference(parseReference(text));
    if (
      name !== undefined &&
      image.names.includes(name) &&
      !entry.names.some((other) => formatReference(other) === name)
    )
      entry.names.push(parseReference(name));
  }
  return [...chosen.values()];
}

function addDocument(
  store: ImageStore,
  { manifest, bytes, digest }: Document,
  add: (path: string, content: ArchiveFile["content"]) => void,
): void {
  add(blobPlace(digest), bytes);
  if (manifest === undefined) return;
  for (const blob of [manifest.config, ...manifest.layers]) {
    if (hasBlob(store, blob.digest)) add(blobPlace(blob.digest), { blob: blob.digest, size: blob.size });
    else if (!isForeign(blob.mediaType))
      throw new HuskError("not-found", `the image store has no blob ${blob.digest}`, {
        hint: "pull the image again",
      });
  }
}

function dockerEntry({ manifest, id }: StoredImage, names: readonly Reference[]): object {
  const tags = names.filter(({ tag }) => tag !== undefined);
  return {
    Config: blobPlace(id),
    RepoTags:
      tags.length === 0 ? null : tags.map((name) => familiarReference({ ...name, digest: undefined })),
    Layers: manifest.layers.map(({ digest }) => blobPlace(digest)),
  };
}

function annotationsOf(name: Reference): Record<string, string> {
  return {
    "io.containerd.image.name": formatReference(name),
    ...(name.tag === undefined ? {} : { [REF_NAME]: name.tag }),
  };
}

function topLayer({ manifest }: StoredImage): string {
  const digest = manifest.layers.at(-1)?.digest ?? manifest.config.digest;
  return digest.slice(digest.indexOf(":") + 1);
}

function blobPlace(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}
