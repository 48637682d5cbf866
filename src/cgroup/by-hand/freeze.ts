import { existsSync, readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import type { List } from "../../plan/index.ts";
import type { Group } from "../group.ts";
import { writeFile } from "../make-groups.ts";
import { echoInto } from "../shell.ts";
import type { GroupSpec } from "./named-group.ts";

/** A file that stops a group, and how it says that everything has stopped. */
interface Switch {
  readonly file: string;
  readonly frozen: string;
  readonly thawed: string;
  readonly state: string;
  readonly isFrozen: (text: string) => boolean;
}

/** The freezer of v1 where the group is in one; otherwise that of v2, which every group has. */
function switchesOf(places: readonly Group[]): Switch[] {
  const found: Switch[] = [];
  for (const { path } of places) {
    if (existsSync(`${path}/freezer.state`)) {
      const file = `${path}/freezer.state`;
      const isFrozen = (text: string): boolean => text.trim() === "FROZEN";
      found.unshift({ file, frozen: "FROZEN", thawed: "THAWED", state: file, isFrozen });
    } else if (existsSync(`${path}/cgroup.freeze`)) {
      const isFrozen = (text: string): boolean => text.includes("frozen 1");
      found.push({
        file: `${path}/cgroup.freeze`,
        frozen: "1",
        thawed: "0",
        state: `${path}/cgroup.events`,
        isFrozen,
      });
    }
  }
  return found;
}

/**
 * Steps that stop every process of a group.
 *
 * @returns waits until they have stopped; HuskError "failed" after ten seconds
 */
export function freezeGroup(list: List, places: readonly Group[], spec: GroupSpec): () => void {
  const [chosen] = switchesOf(places);
  if (chosen === undefined) throw noFreezer(spec);
  const { file, frozen, state, isFrozen } = chosen;
  list.step(
    `stop "${spec.text}"`,
    "its processes get no CPU time until they are thawed, and do not notice",
    () => echoInto(frozen, file),
  );
  writeFile(list, file, frozen, `${frozen} into "${file}"`);
  return () =>
    waitFor(() => isFrozen(readFileSync(state, "latin1")), `control group "${spec.text}" does not freeze`);
}

/** Steps that let them go on, whichever way they were stopped. */
export function thawGroup(list: List, places: readonly Group[], spec: GroupSpec): () => void {
  const switches = switchesOf(places);
  if (switches.length === 0) throw noFreezer(spec);
  list.step(`let "${spec.text}" go on`, "its processes continue where they were stopped", () =>
    switches.map(({ file, thawed }) => echoInto(thawed, file)).join("\n"),
  );
  for (const { file, thawed } of switches) writeFile(list, file, thawed, `${thawed} into "${file}"`);
  return () =>
    waitFor(
      () => switches.every(({ state, isFrozen }) => !isFrozen(readFileSync(state, "latin1"))),
      `control group "${spec.text}" does not thaw`,
      "a group above it is frozen: thaw that one",
    );
}

function noFreezer(spec: GroupSpec): HuskError {
  return new HuskError("unavailable", `control group "${spec.text}" has no freezer`, {
    hint: `it is in other hierarchies only: husk cgroup create freezer:${spec.text}, and attach its processes`,
  });
}

const PATIENCE_MS = 10_000;

/** Looks again and again; blocks. */
export function waitFor(condition: () => boolean, complaint: string, hint?: string): void {
  const deadline = Date.now() + PATIENCE_MS;
  for (let pause = 1; !condition(); pause = Math.min(2 * pause, 50)) {
    if (Date.now() >= deadline)
      throw new HuskError("failed", complaint, hint === undefined ? undefined : { hint });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
  }
}
