import { HuskError } from "../platform/error.ts";
import {
  type Descriptor,
  type ImageConfig,
  type Index,
  isIndexType,
  isManifestType,
  type Manifest,
  MEDIA,
} from "./oci.ts";
import { isDigest } from "./reference.ts";

/** The largest manifest, index or configuration that is read, as registries have it. */
export const LARGEST_MANIFEST = 4 << 20;

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a manifest or index, and checks what husk relies on.
 *
 * @param about what it is, for errors
 * @throws HuskError "invalid"; "unsupported" for a manifest of schema version 1
 */
export function parseManifest(
  bytes: Uint8Array,
  mediaType: string | undefined,
  about: string,
): { kind: "manifest"; manifest: Manifest } | { kind: "index"; index: Index } {
  const json = parseObject(bytes, about);
  if (json["schemaVersion"] !== 2) {
    if (json["schemaVersion"] === 1)
      throw new HuskError(
        "unsupported",
        `${about} is a manifest of schema version 1, which is no longer used`,
        {
          hint: "have it pushed again by a docker of this decade",
        },
      );
    throw malformed(about, "has no schemaVersion 2");
  }
  const own = json["mediaType"];
  if (own !== undefined && typeof own !== "string") throw malformed(about, "has a mediaType that is no text");
  // A document must not be a manifest for one reader and an index for another (CVE-2021-41190).
  if (json["manifests"] !== undefined && (json["layers"] !== undefined || json["config"] !== undefined))
    throw malformed(about, "is both a manifest and an index");
  if (own !== undefined && mediaType !== undefined && isKnown(mediaType) && own !== mediaType)
    throw malformed(about, `says it is ${own}, but was said to be ${mediaType}`);
  const type = own ?? mediaType;
  if (type !== undefined && isIndexType(type) !== (json["manifests"] !== undefined) && isKnown(type))
    throw malformed(about, `is not what ${type} has to be`);
  if (json["manifests"] !== undefined) {
    checkDescriptors(json["manifests"], `${about}, manifests`);
    return { kind: "index", index: json as unknown as Index };
  }
  const { config } = json;
  checkDescriptor(config, `${about}, config`);
  if (config.size > LARGEST_MANIFEST) throw malformed(about, "has a configuration of more than 4 MiB");
  checkDescriptors(json["layers"], `${about}, layers`);
  return { kind: "manifest", manifest: json as unknown as Manifest };
}

function isKnown(mediaType: string): boolean {
  return isIndexType(mediaType) || isManifestType(mediaType);
}

/**
 * Reads an image's configuration.
 *
 * @throws HuskError "invalid"
 */
export function parseConfig(bytes: Uint8Array, about: string): ImageConfig {
  const json = parseObject(bytes, about);
  const rootfs = json["rootfs"] as Json | undefined;
  const ids = rootfs?.["diff_ids"];
  if (
    rootfs?.["type"] !== "layers" ||
    !Array.isArray(ids) ||
    !ids.every((id) => typeof id === "string" && isDigest(id))
  )
    throw malformed(about, "does not tell its layers (rootfs.diff_ids)");
  if (typeof json["architecture"] !== "string" || typeof json["os"] !== "string")
    throw malformed(about, "does not tell its platform");
  const { config, history } = json as { config?: unknown; history?: unknown };
  if (history !== undefined && history !== null && !Array.isArray(history))
    throw malformed(about, "has a history that is no list");
  if (config !== undefined && config !== null) checkRunConfig(config, about);
  return json as unknown as ImageConfig;
}

function checkRunConfig(config: unknown, about: string): void {
  if (typeof config !== "object" || Array.isArray(config))
    throw malformed(about, "has a config that is no object");
  const json = config as Json;
  for (const name of ["Env", "Entrypoint", "Cmd", "Shell"])
    if (json[name] !== undefined && json[name] !== null && !isTexts(json[name]))
      throw malformed(about, `has a ${name} that is no list of texts`);
  for (const name of ["User", "WorkingDir", "StopSignal"])
    if (json[name] !== undefined && json[name] !== null && typeof json[name] !== "string")
      throw malformed(about, `has a ${name} that is no text`);
  for (const name of ["Labels", "Volumes", "ExposedPorts"])
    if (json[name] !== undefined && json[name] !== null && typeof json[name] !== "object")
      throw malformed(about, `has ${name} that are no object`);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function checkDescriptors(value: unknown, about: string): void {
  if (!Array.isArray(value)) throw malformed(about, "is no list");
  for (const [i, item] of value.entries()) checkDescriptor(item, `${about}[${i}]`);
}

/** @throws HuskError "invalid" */
export function checkDescriptor(value: unknown, about: string): asserts value is Descriptor {
  if (typeof value !== "object" || value === null) throw malformed(about, "is no descriptor");
  const { mediaType, digest, size, urls, annotations } = value as Record<string, unknown>;
  if (typeof mediaType !== "string") throw malformed(about, "has no mediaType");
  if (typeof digest !== "string" || !isDigest(digest))
    throw malformed(about, "has no digest of sha256 or sha512");
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw malformed(about, "has no size");
  if (urls !== undefined && urls !== null && !isTexts(urls))
    throw malformed(about, "has urls that are no texts");
  if (annotations !== undefined && (typeof annotations !== "object" || annotations === null))
    throw malformed(about, "has annotations that are no object");
}

/** @throws HuskError "invalid" */
export function parseObject(bytes: Uint8Array, about: string): Json {
  if (bytes.length > LARGEST_MANIFEST) throw malformed(about, "is larger than 4 MiB");
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed(about, "is no JSON", cause);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw malformed(about, "is no JSON object");
  return json as Json;
}

function malformed(about: string, why: string, cause?: unknown): HuskError {
  return new HuskError("invalid", `${about} ${why}`, {
    hint: "the image is damaged or was made wrongly: get it again, or tell who made it",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The media type a manifest or index is stored and pushed as. */
export function mediaTypeOf(document: Manifest | Index): string {
  if (document.mediaType !== undefined) return document.mediaType;
  return "manifests" in document ? MEDIA.index : MEDIA.manifest;
}
