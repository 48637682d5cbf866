import type { LayerWorker } from "../image/index.ts";
import type { KeeperSource } from "../platform/keeper-file.ts";
import type { Folders } from "./folders.ts";

/** An engine's place on this machine: its state, and the programs it starts. */
export interface Home {
  readonly folders: Folders;
  readonly keeper: KeeperSource;
  /**
   * How keepers start husk for what is rare (a restart, a health check, tidying up): path and first arguments, to which
   * `internal …` is added.
   */
  readonly husk: readonly string[];
  /** A new thread that unpacks layers; absent: they are unpacked one after the other. */
  readonly layerWorker?: () => LayerWorker;
}
