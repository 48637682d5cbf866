import { readdirSync } from "node:fs";
import { isRunning } from "../../platform/process-identity.ts";
import type { Home } from "../home.ts";
import type { Volume } from "./record.ts";
import { findVolume } from "./store.ts";

/** All volumes, by name. */
export function listVolumes(root: string): Volume[] {
  return namesIn(root)
    .filter((name) => !name.startsWith("."))
    .toSorted()
    .flatMap((name) => findVolume(root, name) ?? []);
}

/** Removes what killed processes left half made or half removed. */
export async function clearAbandonedVolumes(home: Home): Promise<void> {
  const { root } = home.folders;
  for (const entry of namesIn(root)) {
    const [what, pid, startTime] = entry.split("-");
    if ((what !== ".new" && what !== ".dead") || startTime === undefined) continue;
    if (isRunning({ pid: Number(pid), startTime })) continue;
    const { removeFolder } = await import("../life/remove.ts");
    await removeFolder(home, `${root}/volumes/${entry}`);
  }
}

function namesIn(root: string): string[] {
  try {
    return readdirSync(`${root}/volumes`);
  } catch {
    return [];
  }
}
