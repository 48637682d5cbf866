import { writtenSize } from "../../engine/container/folder-size.ts";
import { containerPaths } from "../../engine/container/paths.ts";
import { rootSize } from "../../engine/fork/size.ts";
import { inspectContainer } from "../../engine/inspect/container.ts";
import { sweepHome } from "../../engine/life/sweep-home.ts";
import { isLost } from "../../engine/container/state.ts";
import { findTarget } from "../../engine/life/target.ts";
import { homeOf } from "../home.ts";
import { isNotFound } from "../is-not-found.ts";
import type { Inspector, InspectOptions } from "./inspectors.ts";

/** Containers in docker's form, by name, id or the beginning of the id. */
export function containerInspector({ globals, size }: InspectOptions): Inspector {
  const home = homeOf(globals);
  return {
    kind: "container",
    async find(name) {
      try {
        const { record, state } = findTarget(home, name);
        if (isLost(home.folders, record.id, state)) await sweepHome(home);
        const { id } = record;
        const found = inspectContainer(home.folders, id);
        return size === true ? { ...found, ...(await sizes(home.folders, id)) } : found;
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
  };

  async function sizes(folders: typeof home.folders, id: string): Promise<object> {
    const written = writtenSize(containerPaths(folders, id));
    const { record } = findTarget(home, id);
    const { source } = record;
    if (source.kind !== "image") return { SizeRw: written, SizeRootFs: written };
    const { listImages } = await import("../../image/index.ts");
    const { imageStore } = await import("../image-arguments.ts");
    const image = listImages(imageStore(globals)).find((one) => one.id === source.id);
    return { SizeRw: written, SizeRootFs: rootSize(folders, record, written, image?.size ?? 0) };
  }
}
