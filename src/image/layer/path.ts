import type { ByteString } from "../tar/index.ts";

/**
 * A path in an archive as the names below the layer's root: absolute paths begin there, "." and empty parts are
 * passed over, and ".." takes back the part before it.
 *
 * @returns undefined if ".." leads out of the layer
 */
export function namesOf(path: ByteString): ByteString[] | undefined {
  const names: ByteString[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") names.push(part);
    else if (names.pop() === undefined) return undefined;
  }
  return names;
}

/** What an entry of a layer does to the layers below (image-spec, layer.md, "Representing Changes"). */
export type Whiteout =
  | { readonly kind: "file"; readonly name: ByteString }
  | { readonly kind: "opaque" }
  /** Left behind by aufs, without a meaning. */
  | { readonly kind: "ignored" }
  | { readonly kind: "malformed" };

export const WHITEOUT_PREFIX = ".wh.";
export const OPAQUE_NAME = ".wh..wh..opq";

/** Whether the last name of an entry makes it a whiteout. */
export function whiteoutOf(name: ByteString): Whiteout | undefined {
  if (!name.startsWith(WHITEOUT_PREFIX)) return undefined;
  if (name === OPAQUE_NAME) return { kind: "opaque" };
  if (name.startsWith(".wh..wh.")) return { kind: "ignored" };
  const hidden = name.slice(WHITEOUT_PREFIX.length);
  if (hidden === "" || hidden === "." || hidden === "..") return { kind: "malformed" };
  return { kind: "file", name: hidden };
}
