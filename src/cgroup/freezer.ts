import { type Group, groupWith } from "./group.ts";

/** The file that stops and continues everything in a container, and what is written into it. */
export interface Freezer {
  readonly file: string;
  readonly freeze: string;
  readonly thaw: string;
  /** Where the state is read, and what stands there once everything has stopped. */
  readonly state: { readonly file: string; readonly frozen: string };
}

/**
 * The freezer of a container's groups, or undefined if it is in none that has one.
 *
 * v2's is preferred, also beside v1 hierarchies: there a frozen process can still be killed.
 */
export function freezerOf(groups: readonly Group[]): Freezer | undefined {
  const unified = groups[0]?.hierarchy.version === 2 ? groups[0] : undefined;
  if (unified !== undefined)
    return {
      file: `${unified.path}/cgroup.freeze`,
      freeze: "1",
      thaw: "0",
      state: { file: `${unified.path}/cgroup.events`, frozen: "frozen 1" },
    };
  const v1 = groupWith(groups, "freezer");
  if (v1 === undefined) return undefined;
  const file = `${v1.path}/freezer.state`;
  return { file, freeze: "FROZEN", thaw: "THAWED", state: { file, frozen: "FROZEN" } };
}
