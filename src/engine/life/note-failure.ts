import { HuskError } from "../../platform/error.ts";
import { exitStatus } from "../../platform/exit-status.ts";
import { completeExit } from "../container/exit.ts";
import type { ContainerPaths } from "../container/paths.ts";

/** Writes down why a start failed, for who looks later. */
export function noteFailure(paths: ContainerPaths, error: unknown): void {
  if (!(error instanceof HuskError)) return;
  completeExit(paths.exit, exitStatus(error.code), error.message);
}
