import type { List, Result } from "../plan/index.ts";
import { type RootView, writeFileInRoot, writeNewFile } from "./in-root.ts";
import { isBelow } from "./mount-destination.ts";
import type { RootPart } from "./types.ts";

/** What of a composed root is none of the host's folders: new folders, links, and husk's own files. */

export type CopyOnWrite = Extract<RootPart, { kind: "copy-on-write" }>;

/** Makes what of a root is none of the host's folders, and the places of those. */
export function addFreshParts(
  root: RootView,
  parts: readonly RootPart[],
  views: readonly CopyOnWrite[],
): void {
  const { list, descriptor } = root;
  for (const part of parts) {
    const { path } = part;
    const name = path.slice(1);
    if (part.kind === "copy-on-write" ? name.includes("/") : viewOf(path, views) !== undefined) continue;
    // A start that failed may have come this far already.
    if (part.kind === "link")
      list.call("symlinkat", part.target, descriptor, name).accept("EEXIST").about(path);
    else if (part.kind === "file") writeFileInRoot(root, path, part.content, part.mode);
    else list.call("mkdirat", descriptor, name, part.mode).accept("EEXIST").about(path);
  }
}

/** The view a path stands in, if it stands in one. */
function viewOf(path: string, views: readonly CopyOnWrite[]): CopyOnWrite | undefined {
  let found: CopyOnWrite | undefined;
  for (const view of views) if (isBelow(path, view.path)) found = view;
  return found;
}

/** What stands in a view and is put there when it is mounted; of a root that was used before, husk's own files alone. */
export function partsIn(view: CopyOnWrite, parts: readonly RootPart[], isNew: boolean): RootPart[] {
  const inside: RootPart[] = [];
  for (const part of parts) if (isIn(part, view) && (isNew || part.kind === "file")) inside.push(part);
  return inside;
}

/** Whether a part stands in a view, and is none itself. */
export function isIn(part: RootPart, view: CopyOnWrite): boolean {
  return part !== view && part.kind !== "copy-on-write" && isBelow(part.path, view.path);
}

/** Puts files and links into a layer before it is mounted; what stands deeper is returned for later. */
export function fillLayer(
  list: List,
  stage: Result,
  upper: string,
  parts: readonly RootPart[],
  view: CopyOnWrite,
): RootPart[] {
  const later: RootPart[] = [];
  for (const part of parts) {
    if (!isIn(part, view)) continue;
    const name = part.path.slice(view.path.length + 1);
    if (name.includes("/") || part.kind === "directory") later.push(part);
    else if (part.kind === "link")
      list.call("symlinkat", part.target, stage, `${upper}/${name}`).about(part.path);
    else if (part.kind === "file")
      writeNewFile(list, stage, `${upper}/${name}`, part.content, part.mode, part.path);
  }
  return later;
}
