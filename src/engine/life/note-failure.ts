import { HuskError } from "../../platform/error.ts";
import { exitStatus } from "../../platform/exit-status.ts";
import { completeExit } from "../container/exit.ts";
import type { ContainerPaths } from "../container/paths.ts";
import { KeeperLost } from "./launch.ts";

/** Writes down why a start failed, for who looks later. That a keeper was killed is written down already. */
export function noteFailure(paths: ContainerPaths, error: unknown): void {
  if (!(error instanceof HuskError) || error instanceof KeeperLost) return;
  completeExit(paths.exit, exitStatus(error.code), error.message);
}
