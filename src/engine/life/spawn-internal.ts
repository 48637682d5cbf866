import { spawnDetached } from "../../platform/spawn-detached.ts";
import type { Home } from "../home.ts";
import { INTERNAL_ENVIRONMENT, internalCommand } from "./supervision.ts";

/** Starts husk for something that is to be done without anybody's waiting. */
export function spawnInternal(
  { husk, folders }: Home,
  what: "restart" | "finish" | "log",
  id: string,
  more: readonly string[] = [],
): void {
  spawnDetached([...internalCommand(husk, folders, what, id), ...more], INTERNAL_ENVIRONMENT);
}
