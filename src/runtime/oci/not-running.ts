import { HuskError } from "../../platform/error.ts";

/** In runc's words, which its callers look for. */
export function notRunning(): HuskError {
  return new HuskError("conflict", "container not running");
}
