import { listContainers } from "../container/list.ts";
import { containerPaths } from "../container/paths.ts";
import { readRecord } from "../container/read-record.ts";
import { isAlive, readStateOf } from "../container/state.ts";
import type { Home } from "../home.ts";
import { pause } from "../../platform/pause.ts";
import { machineMemory, sampleUsage, type Usage, usageBetween, type UsageSample } from "./sample.ts";

export interface UsageOptions {
  /** Whole ids; absent or empty: all that run, and those that are started meanwhile. */
  readonly containers?: readonly string[];
  /** Also those that do not run. */
  readonly all?: boolean;
  /** Milliseconds from one look to the next; absent: 1000. The first result needs two. */
  readonly interval?: number;
  readonly signal?: AbortSignal;
}

/** What one container uses; `usage` is undefined while it does not run. */
export interface ContainerUsage {
  readonly id: string;
  readonly name: string;
  readonly usage: Usage | undefined;
}

/**
 * What containers use, again and again until the caller has enough; one that is removed is left out from then on.
 */
export async function* watchUsage(
  { folders }: Home,
  options: UsageOptions = {},
): AsyncGenerator<ContainerUsage[], void> {
  const { containers = [], all = false, interval = 1000, signal } = options;
  const machineBytes = machineMemory();
  let before = new Map<string, UsageSample>();
  const look = (): { id: string; name: string; sample: UsageSample | undefined }[] => {
    const found =
      containers.length > 0
        ? containers.flatMap((id) => {
            const record = readRecord(containerPaths(folders, id).record);
            return record === undefined ? [] : [{ record, ...readStateOf(folders, record) }];
          })
        : listContainers(folders, () => {}).filter((one) => all || isAlive(one));
    return found.map((one) => ({
      id: one.record.id,
      name: one.record.name,
      sample: sampleUsage(folders, one.record.id, one),
    }));
  };
  for (let first = true; signal?.aborted !== true; first = false) {
    const seen = look();
    if (!first)
      yield seen.map(({ id, name, sample }) => ({
        id,
        name,
        usage: sample === undefined ? undefined : usageBetween(before.get(id), sample, machineBytes),
      }));
    before = new Map(seen.flatMap(({ id, sample }) => (sample === undefined ? [] : [[id, sample]])));
    await pause(interval, signal).catch(() => {});
  }
}
