import type { KeeperSource } from "../platform/keeper-file.ts";

/** The programs that this husk brings; its entry (main.ts, bin.ts) says which. */
export interface Programs {
  readonly keeper: KeeperSource;
  /** How this very husk is started: path and first arguments. */
  readonly husk: readonly string[];
}

let own: Programs | undefined;

export function bringPrograms(programs: Programs): void {
  own = programs;
}

export function ownPrograms(): Programs {
  if (own === undefined) throw new Error("husk was started by no entry of its own");
  return own;
}
