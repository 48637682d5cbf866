import { HuskError } from "../../platform/error.ts";
import { compressionOfBytes, MAGIC_BYTES } from "../layer/index.ts";
import { type Descriptor, type ImageConfig, type Manifest, MEDIA } from "../oci.ts";
import { parseConfig } from "../parse-oci.ts";
import { fitness, formatPlatform } from "../platform.ts";
import { formatReference, parseReference } from "../reference.ts";
import { type ImageStore, keepUnnamed, nameImage, putBlob } from "../store/index.ts";
import type { ArchiveFiles } from "./archive-files.ts";
import { bringLayer } from "./bring-layer.ts";
import type { LoadedImage, Loading } from "./load.ts";

/** An image in docker's manifest.json (moby, image/tarexport). */
interface DockerImage {
  readonly Config: string;
  readonly RepoTags: readonly string[] | null;
  readonly Layers: readonly string[];
}

/**
 * Brings the images of docker's archive into the store. It has no manifests, so each image gets one: the same for the
 * same archive. Layers stay as they are, compressed or not.
 */
export async function loadDockerArchive(
  store: ImageStore,
  files: ArchiveFiles,
  options: Loading,
): Promise<LoadedImage[]> {
  const images = parseImages(files.read("manifest.json") as Uint8Array);
  const brought = new Map<string, Descriptor>();
  const found: { image: Descriptor; loaded: LoadedImage }[] = [];
  for (const image of images) {
    const bytes = files.read(image.Config);
    if (bytes === undefined) throw lacks(image.Config);
    const config = parseConfig(bytes, image.Config);
    if (options.platform !== undefined && fitness(options.platform, config) === 0) continue;
    const layers = await bringLayers(store, files, image, config, brought, options);
    const manifest: Manifest = {
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      config: { mediaType: MEDIA.config, digest: putBlob(store, bytes), size: bytes.length },
      layers,
    };
    const text = Buffer.from(JSON.stringify(manifest));
    const descriptor = { mediaType: MEDIA.manifest, digest: putBlob(store, text), size: text.length };
    const names = (image.RepoTags ?? []).map((name) => formatReference(parseReference(name)));
    found.push({ image: descriptor, loaded: { names, id: manifest.config.digest } });
  }
  if (found.length === 0 && options.platform !== undefined)
    throw new HuskError(
      "not-found",
      `there is no image for ${formatPlatform(options.platform)} in this archive`,
      {
        hint: "leave out --platform",
      },
    );
  for (const { image, loaded } of found) {
    if (loaded.names.length === 0) await keepUnnamed(store, image);
    for (const name of loaded.names) await nameImage(store, parseReference(name), image);
  }
  return found.map(({ loaded }) => loaded);
}

function parseImages(bytes: Uint8Array): DockerImage[] {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    json = undefined;
  }
  const isText = (value: unknown): boolean => typeof value === "string";
  const areTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
  const isImage = (image: unknown): boolean => {
    const { Config, RepoTags, Layers } = Object(image) as Record<string, unknown>;
    return isText(Config) && areTexts(Layers ?? []) && areTexts(RepoTags ?? []);
  };
  if (!Array.isArray(json) || !json.every(isImage))
    throw new HuskError("invalid", "manifest.json in the archive is no list of images", {
      hint: "the archive is damaged",
    });
  return json.map((image: DockerImage) => ({ ...image, Layers: image.Layers ?? [] }));
}

async function bringLayers(
  store: ImageStore,
  files: ArchiveFiles,
  { Layers: paths, Config: about }: DockerImage,
  config: ImageConfig,
  brought: Map<string, Descriptor>,
  options: Loading,
): Promise<Descriptor[]> {
  const { diff_ids: diffIds } = config.rootfs;
  if (diffIds.length !== paths.length)
    throw new HuskError(
      "invalid",
      `${about} tells of ${diffIds.length} layers, and manifest.json of ${paths.length}`,
      {
        hint: "the archive is damaged",
      },
    );
  const layers: Descriptor[] = [];
  for (const [i, path] of paths.entries()) {
    let layer = brought.get(path);
    if (layer === undefined) {
      const blob = files.blob(path);
      if (blob === undefined) throw lacks(path);
      const [start = new Uint8Array()] = blob.read();
      const kind = compressionOfBytes(start.subarray(0, MAGIC_BYTES), "a layer");
      const mediaType = kind === "none" ? MEDIA.layer : `${MEDIA.layer}+${kind}`;
      layer = { mediaType, ...blob.commit() };
      brought.set(path, layer);
    }
    await bringLayer(store, layer, diffIds[i] as string, options);
    layers.push(layer);
  }
  return layers;
}

function lacks(path: string): HuskError {
  return new HuskError(
    "invalid",
    `the archive lacks ${JSON.stringify(path)}, which its manifest.json names`,
    {
      hint: "it is not whole: make it anew",
    },
  );
}
