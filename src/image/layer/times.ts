import type { TarEntry, TarTime } from "../tar/index.ts";
import type { Finish } from "./finish.ts";

/** The times a file is to have. */
export function timesOf(entry: TarEntry): { atime: TarTime; mtime: TarTime } {
  return { atime: entry.atime ?? entry.mtime, mtime: entry.mtime };
}

/** Whether node:fs can set them exactly. */
export function isExact({ mtime, atime }: TarEntry): boolean {
  return isExactTimes({ mtime, atime: atime ?? mtime });
}

/** node:fs takes times as floating point seconds, which hold whole ones exactly. */
export function isExactTimes({ atime, mtime }: NonNullable<Finish["times"]>): boolean {
  return isWhole(atime) && isWhole(mtime);
}

function isWhole({ seconds, nanoseconds }: TarTime): boolean {
  return nanoseconds === 0 && seconds >= 0 && seconds < 2 ** 33;
}
