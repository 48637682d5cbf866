import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type ByteString, hostImage, readXattrs } from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import { ROOT, viewName } from "../../rootfs/index.ts";
import type { Home } from "../home.ts";
import { imageContext } from "../image-context.ts";
import { findImageSource } from "../image-source.ts";
import type { Target } from "../life/target.ts";
import { folderLower, freshLower, layersLower } from "./lower.ts";
import type { ChangedPart } from "./read-changes.ts";

/**
 * Where a container's changes are, and what they are changes of. Empty if it was never started.
 *
 * @throws HuskError "unsupported" for one whose root is a folder it writes to directly
 */
export async function changedParts(home: Home, { record, paths }: Target): Promise<ChangedPart[]> {
  const { source } = record;
  if (source.kind === "rootfs" || source.kind === "bundle")
    throw new HuskError(
      "unsupported",
      `${record.name} writes into ${source.path} itself: nobody knows what was there`,
      {
        hint: "containers of an image or of host keep their changes apart",
      },
    );
  if (existsSync(paths.copy)) throw noChanges(record.name);
  if (!existsSync(paths.upper)) return [];
  if (source.kind === "image") {
    return [
      await overlayPart(home, "", paths.upper, layersLower(await imageLayers(home, { record, paths }))),
    ];
  }
  const { parts } = hostImage({ with: source.with }).source;
  const fresh = parts.filter(({ kind }) => kind !== "file").map(({ path }) => path);
  const lower = freshLower(fresh, "/");
  const isWhole = !existsSync(join(paths.folder, "views"));
  const found: ChangedPart[] = [];
  if (!isWhole) found.push({ place: "", upper: paths.upper, lower, opaque: new Set(), isPlain: true });
  else if (existsSync(join(paths.upper, ROOT)))
    found.push(await overlayPart(home, "", join(paths.upper, ROOT), lower));
  for (const part of parts) {
    if (part.kind !== "copy-on-write") continue;
    const name = viewName(part.path);
    const places = isWhole
      ? [join(paths.upper, name), join(paths.folder, "beside", name)]
      : [join(paths.folder, "views", name)];
    for (const upper of places)
      if (existsSync(upper)) found.push(await overlayPart(home, part.path, upper, folderLower(part.from)));
  }
  return found;
}

/** Where overlays cannot be had, what a container wrote does not stand apart. */
export function noChanges(name: string): HuskError {
  return new HuskError("unsupported", `${name} is a copy of its image: nobody knows what it changed`, {
    hint: `husk export ${name} | husk import - NAME makes an image of all its files`,
  });
}

/** The folders below what a container of an image writes, the topmost first. */
export async function imageLayers(
  home: Home,
  { record: { source }, paths }: Pick<Target, "record" | "paths">,
): Promise<readonly string[]> {
  if (source.kind !== "image") return [];
  const found = await findImageSource(home, source, paths.upper);
  return found.kind === "image" ? found.layers : [];
}

/** An overlay's upper folder, and what it changes. */
export async function overlayPart(
  home: Home,
  place: string,
  upper: string,
  lower: ChangedPart["lower"],
): Promise<ChangedPart> {
  const { tools } = imageContext(home, () => {});
  const folders = foldersIn(upper);
  const opaque = new Set<ByteString>();
  for (const [path, attributes] of await readXattrs(upper, folders, tools)) {
    const mark = attributes.get("trusted.overlay.opaque") ?? attributes.get("user.overlay.opaque");
    if (mark !== undefined && Buffer.from(mark).toString() === "y") opaque.add(`/${path}`);
  }
  return { place, upper, lower, opaque, isPlain: false };
}

/** Folders below a folder, links not followed; what goes meanwhile is passed over. */
function foldersIn(top: string): ByteString[] {
  const found: ByteString[] = [];
  const look = (path: ByteString): void => {
    const place = Buffer.concat([Buffer.from(`${top}/`), Buffer.from(path, "latin1")]);
    let entries;
    try {
      entries = readdirSync(place, { withFileTypes: true });
    } catch {
      return;
    }
    for (const entry of entries) {
      if (!entry.isDirectory()) continue;
      const name = Buffer.from(entry.name).toString("latin1");
      const inside = path === "" ? name : `${path}/${name}`;
      found.push(inside);
      look(inside);
    }
  };
  look("");
  return found;
}
