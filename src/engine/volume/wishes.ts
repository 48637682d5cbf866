import type { RunOptions } from "../run-options.ts";

/** Whether a new container needs volumes, or may. */
export function wantsVolumes({ mounts, volumesFrom, imageVolumes }: RunOptions): boolean {
  return (
    mounts?.some(({ type }) => type === "volume") === true ||
    (volumesFrom?.length ?? 0) + (imageVolumes?.length ?? 0) > 0
  );
}
