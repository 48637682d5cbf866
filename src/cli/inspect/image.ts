import { findByNameOrId, hostPlatform, inspectImage, parsePlatform } from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import { imageStore } from "../image-arguments.ts";
import type { Inspector, InspectOptions } from "./inspectors.ts";

/** Images in docker's form, by name or id. */
export function imageInspector({ globals, platform }: InspectOptions): Inspector {
  const store = imageStore(globals);
  const wanted = platform === undefined ? hostPlatform() : parsePlatform(platform);
  return {
    kind: "image",
    find: (name) => {
      try {
        return inspectImage(store, findByNameOrId(store, name, wanted));
      } catch (error) {
        if (error instanceof HuskError && error.code === "not-found") return undefined;
        throw error;
      }
    },
  };
}
