import type { LayerWorker } from "../image/index.ts";

/** A new thread that unpacks layers. */
export function layerWorker(): LayerWorker {
  return new Worker(new URL("./layer-worker.ts", import.meta.url).href) as unknown as LayerWorker;
}
