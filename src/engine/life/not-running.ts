import { HuskError } from "../../platform/error.ts";

/** docker's words for what only running containers can. */
export function notRunning(what: string, id: string): HuskError {
  return new HuskError("conflict", `${what}: container ${id} is not running`);
}
