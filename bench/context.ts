import { join } from "node:path";
import type { Result } from "./result.ts";
import type { Spawner } from "./spawn-time.ts";

export const repository = join(import.meta.dirname, "..");

/** What the comparisons share. */
export interface Context {
  /** Everything they write stands below this folder, which is removed in the end. */
  readonly folder: string;
  readonly spawn: Spawner;
  /** How often a short command runs; longer ones run less often. */
  readonly rounds: number;
  readonly husk: string;
  readonly keeper: string;
  /** The folder of husk's state. */
  readonly root: string;
  /** The bundle that `runc spec` makes. */
  readonly bundle: string;
  /** The same with a program that sleeps. */
  readonly sleepBundle: string;
  /** The first with a seccomp profile. */
  readonly seccompBundle: string;
}

/** One comparison. `name` is what a filter on the command line looks at. */
export interface Comparison {
  readonly name: string;
  run(context: Context): Result | Promise<Result>;
}
