import type { ImageAction } from "../../image/index.ts";
import type { Folders } from "../folders.ts";
import { appendEvent } from "./journal.ts";

/** Notes what happened to an image. */
export function tellImage(
  folders: Pick<Folders, "run">,
  action: ImageAction,
  id: string,
  name: string,
): void {
  appendEvent(folders, { Type: "image", Action: action, Actor: { ID: id, Attributes: { name } } });
}

/** Notes what happened to a volume. */
export function tellVolume(
  folders: Pick<Folders, "run">,
  action: "create" | "destroy" | "mount" | "prune",
  name: string,
  more: Readonly<Record<string, string>> = {},
): void {
  appendEvent(folders, {
    Type: "volume",
    Action: action,
    Actor: { ID: name, Attributes: { driver: "local", ...more } },
  });
}
