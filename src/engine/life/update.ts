import {
  checkRunLimits,
  hasSwapAccounting,
  type LinuxResources,
  readLayout,
  readMachine,
  resourcesOf,
  resourceWrites,
} from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";
import { setRestartPolicy } from "../../platform/keeper-socket.ts";
import { writeResources } from "../../runtime/oci/update.ts";
import { withContainer } from "../container/lock.ts";
import type { RecordedOptions } from "../container/record.ts";
import { readRun } from "../container/run-record.ts";
import { isAlive } from "../container/state.ts";
import { writeRecord } from "../container/write-record.ts";
import { tellContainer } from "../events/container-event.ts";
import type { Home } from "../home.ts";
import type { RestartPolicy, RunOptions } from "../run-options.ts";
import { runLimits } from "../spec/resources.ts";
import { restartOf } from "./restart-policy.ts";
import { ignoringGone } from "./stop.ts";
import { readTarget } from "./target.ts";

/** What of a container can be changed after its creation. */
export type UpdateOptions = Pick<
  RunOptions,
  | "blkioWeight"
  | "cpuPeriod"
  | "cpuQuota"
  | "cpus"
  | "cpuShares"
  | "cpusetCpus"
  | "cpusetMems"
  | "memory"
  | "memoryReservation"
  | "memorySwap"
  | "pidsLimit"
  | "restart"
>;

/**
 * Changes limits and restart policy of a container, whether it runs or not.
 *
 * @param id its whole id
 * @returns what of it counts from the next start on only
 * @throws HuskError "invalid" for values out of range; "conflict" for a restart policy with `--rm`; what the kernel
 *   refuses, and then nothing is changed
 */
export function updateContainer(
  home: Home,
  id: string,
  changes: UpdateOptions,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const update = async (): Promise<readonly string[]> => {
    const { record, paths, state } = readTarget(home, id);
    const { restart } = changes;
    if (restart !== undefined && restart.kind !== "no" && record.options.rm === true)
      throw new HuskError(
        "conflict",
        "Restart policy cannot be updated because AutoRemove is enabled for the container",
      );
    const options = merged(record.options, changes);
    const limits = runLimits({ ...options, source: ANY });
    if (limits !== undefined) checkRunLimits(limits, readMachine);
    const run = isAlive(state) ? readRun(paths.running) : undefined;
    const groups = run?.cgroups?.groups;
    if (groups !== undefined) changeLimits(record.options, options, groups);
    writeRecord(home.folders, { ...record, options });
    const warnings =
      run === undefined || restart === undefined ? [] : await tellKeeper(paths.socket, restart, run.restarts);
    tellContainer(home.folders, record, "update");
    return warnings;
  };
  return withContainer(home.folders, id, update, signal);
}

/** What the record says does not reach a keeper by itself. */
async function tellKeeper(socket: string, policy: RestartPolicy, restarts: number): Promise<string[]> {
  try {
    await ignoringGone(setRestartPolicy(socket, restartOf(policy, restarts)));
    return [];
  } catch (error) {
    if (!(error instanceof HuskError) || error.code !== "unsupported") throw error;
    return [
      "the container was started by an older husk: its new restart policy counts from its next start on",
    ];
  }
}

const ANY = { kind: "host", with: [] } as const;

/** Writes the sections that differ; if a value is refused, those before it are put back. */
function changeLimits(before: RecordedOptions, after: RecordedOptions, groups: readonly string[]): void {
  const layout = readLayout();
  const swap = hasSwapAccounting(layout);
  const resources = (options: RecordedOptions): LinuxResources => {
    const limits = runLimits({ ...options, source: ANY });
    return limits === undefined ? {} : resourcesOf(limits, swap);
  };
  const old = resources(before);
  const changed: Record<string, unknown> = {};
  for (const [section, value] of Object.entries(resources(after)))
    if (JSON.stringify(value) !== JSON.stringify(old[section as keyof LinuxResources]))
      changed[section] = value;
  writeResources(resourceWrites(changed as LinuxResources, layout), groups);
}

/** `--cpus` and `--cpu-quota` are two words for one thing: the later one counts. */
function merged(before: RecordedOptions, changes: UpdateOptions): RecordedOptions {
  const { cpus, cpuPeriod, cpuQuota, ...rest } = before;
  const newCpu =
    changes.cpus !== undefined || changes.cpuPeriod !== undefined || changes.cpuQuota !== undefined;
  const cpu = newCpu
    ? {}
    : {
        ...(cpus === undefined ? {} : { cpus }),
        ...(cpuPeriod === undefined ? {} : { cpuPeriod }),
        ...(cpuQuota === undefined ? {} : { cpuQuota }),
      };
  return { ...rest, ...cpu, ...changes };
}
