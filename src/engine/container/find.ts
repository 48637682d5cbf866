import { existsSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import type { Folders } from "../folders.ts";
import { isNameOrId } from "../id.ts";
import { listIds } from "./list-ids.ts";
import { nameHolder } from "./names.ts";
import { containerPaths } from "./paths.ts";

/**
 * The id of the container that somebody means: by its id, its name, or the beginning of its id, in that order, as
 * docker has it.
 *
 * @throws HuskError "not-found": `No such container: x`; "invalid" when several ids begin so
 */
export function findId(folders: Folders, text: string): string {
  // `/web` is how docker's own interface writes names.
  const wanted = text.startsWith("/") ? text.slice(1) : text;
  // Anything else must never become a path.
  if (!isNameOrId(wanted)) throw noSuchContainer(text);
  const exists = (id: string): boolean => existsSync(containerPaths(folders, id).record);
  if (exists(wanted)) return wanted;
  const holder = nameHolder(folders, wanted);
  if (holder !== undefined && exists(holder)) return holder;
  let found: string | undefined;
  for (const id of listIds(folders)) {
    if (!id.startsWith(wanted)) continue;
    if (found !== undefined) {
      throw new HuskError("invalid", `multiple IDs found with provided prefix: ${wanted}`, {
        hint: "give more of the id, or the container's name",
      });
    }
    found = id;
  }
  if (found === undefined) throw noSuchContainer(text);
  return found;
}

/** docker's words for it. */
export function noSuchContainer(text: string): HuskError {
  return new HuskError("not-found", `No such container: ${text}`, {
    hint: "husk ps -a lists those there are",
  });
}
