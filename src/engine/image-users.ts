import { existsSync, readFileSync } from "node:fs";
import type { ImageUser, ImageUsers } from "../image/index.ts";
import { listIds } from "./container/list-ids.ts";
import { containerPaths } from "./container/paths.ts";
import type { ContainerRecord } from "./container/record.ts";
import type { Folders } from "./folders.ts";

/** What of the image store containers stand on. */
export interface ImageUse {
  readonly users: ImageUsers;
  /** Diff ids, as they are when it is called: containers may have been made since. */
  readonly layers: () => ReadonlySet<string>;
}

/** Looks at all containers of an engine. */
export function imageUse(folders: Folders): ImageUse {
  const users = new Map<string, ImageUser[]>();
  for (const { id, name, source } of records(folders)) {
    if (source.kind !== "image") continue;
    const running = existsSync(containerPaths(folders, id).running);
    users.set(source.id, [...(users.get(source.id) ?? []), { name, running }]);
  }
  return {
    users: (image) => users.get(image.id) ?? [],
    layers: () =>
      new Set(records(folders).flatMap(({ source }) => (source.kind === "image" ? source.layers : []))),
  };
}

function records(folders: Folders): ContainerRecord[] {
  return listIds(folders).flatMap((id) => {
    try {
      // Of a newer husk's containers this much can be known, too.
      const record = JSON.parse(readFileSync(containerPaths(folders, id).record, "utf8")) as ContainerRecord;
      return typeof record.source.kind === "string" ? [record] : [];
    } catch {
      return []; // It is being removed, or damaged.
    }
  });
}
