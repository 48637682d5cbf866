import type { List, Row } from "../format/index.ts";
import type { Globals } from "../grammar.ts";

/** What things of one kind take of the disk. */
export interface Usage {
  /** `Images`, `Containers`, `Local Volumes`, `Build Cache`. */
  readonly type: string;
  readonly total: number;
  /** How many of them are in use. */
  readonly active: number;
  /** Bytes, and how many of them could be given back. */
  readonly size: number;
  readonly reclaimable: number;
  /** For `--verbose`: what stands above the things, and a line on each. */
  readonly details: { readonly title: string; readonly list: List; readonly rows: readonly Row[] };
}

/** The kinds there are, in docker's order. */
export const USAGES: readonly ((globals: Globals) => Promise<Usage>)[] = [
  async (globals) => (await import("./images.ts")).imagesDiskUsage(globals),
  async (globals) => (await import("./containers.ts")).containersDiskUsage(globals),
  async (globals) => (await import("./volumes.ts")).volumesDiskUsage(globals),
];

/** Adds up things that are in use or could be given back. */
export function addUp(
  things: readonly { readonly isActive: boolean; readonly size: number }[],
): Pick<Usage, "total" | "active" | "size" | "reclaimable"> {
  let [active, size, reclaimable] = [0, 0, 0];
  for (const thing of things) {
    size += thing.size;
    if (thing.isActive) active++;
    else reclaimable += thing.size;
  }
  return { total: things.length, active, size, reclaimable };
}
