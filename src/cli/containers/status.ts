import type { ContainerState } from "../../engine/container/state.ts";
import { humanDuration } from "../format/index.ts";

/** How a container fares, in docker's words: `Up 3 minutes (healthy)`, `Exited (0) 2 seconds ago`. */
export function statusText(state: ContainerState, now: number): string {
  const { status, exitCode, started, finished } = state;
  switch (status) {
    case "running":
      return `Up ${humanDuration(now - started)}${healthText(state)}`;
    case "paused":
      return `Up ${humanDuration(now - started)} (Paused)`;
    case "restarting":
      return `Restarting (${exitCode}) ${humanDuration(now - finished)} ago`;
    case "removing":
      return "Removal In Progress";
    case "dead":
      return "Dead";
    case "created":
      return "Created";
    case "exited":
      return finished === 0
        ? `Exited (${exitCode})`
        : `Exited (${exitCode}) ${humanDuration(now - finished)} ago`;
  }
}

function healthText({ health }: ContainerState): string {
  if (health === undefined) return "";
  return health === "starting" ? " (health: starting)" : ` (${health})`;
}
