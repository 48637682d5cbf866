import { findByNameOrId, inspectImage, parsePlatform } from "../../image/index.ts";
import { imageStore } from "../image-arguments.ts";
import { isNotFound } from "../is-not-found.ts";
import type { Inspector, InspectOptions } from "./inspectors.ts";

/** Images in docker's form, by name or id. */
export function imageInspector({ globals, platform }: InspectOptions): Inspector {
  const store = imageStore(globals);
  const wanted = platform === undefined ? undefined : parsePlatform(platform);
  return {
    kind: "image",
    find: (name) => {
      try {
        return inspectImage(store, findByNameOrId(store, name, wanted));
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
  };
}
