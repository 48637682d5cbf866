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
];
