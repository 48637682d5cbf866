import { chooseFolders, openFolders } from "../../engine/folders.ts";
import { getVolume } from "../../engine/volume/index.ts";
import { HuskError } from "../../platform/error.ts";
import { inspectVolume } from "../../engine/volume/inspect.ts";
import type { Inspector, InspectOptions } from "./inspectors.ts";

/** Volumes in docker's form, by name. */
export function volumeInspector({ globals }: InspectOptions): Inspector {
  const { root } = openFolders(chooseFolders(globals));
  return {
    kind: "volume",
    find: (name) => {
      try {
        return inspectVolume(getVolume(root, name));
      } catch (error) {
        // What is no name of a volume may be another thing's.
        if (error instanceof HuskError && (error.code === "not-found" || error.code === "invalid"))
          return undefined;
        throw error;
      }
    },
  };
}
