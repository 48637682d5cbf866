import { checkRunLimits, hasSwapAccounting, readLayout, readMachine, resourcesOf } from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";
import { changeResources } from "../../runtime/oci/update.ts";
import { withContainer } from "../container/lock.ts";
import type { RecordedOptions } from "../container/record.ts";
import { readRun } from "../container/run-record.ts";
import { isAlive } from "../container/state.ts";
import { writeRecord } from "../container/write-record.ts";
import { tellContainer } from "../events/container-event.ts";
import type { Home } from "../home.ts";
import type { RunOptions } from "../run-options.ts";
import { runLimits } from "../spec/resources.ts";
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
 * @throws HuskError "invalid" for values out of range; "conflict" for a restart policy with `--rm`; what the kernel
 *   refuses, and then nothing is changed
 */
export function updateContainer(home: Home, id: string, changes: UpdateOptions): Promise<void> {
  return withContainer(home.folders, id, () => {
    const { record, paths, state } = readTarget(home, id);
    const { restart, ...limits } = changes;
    if (restart !== undefined && restart.kind !== "no" && record.options.rm === true)
      throw new HuskError("conflict", "Restart policy cannot be updated because AutoRemove is enabled for the container");
    const options = merged(record.options, changes);
    const asked = runLimits({ ...limits, source: { kind: "host", with: [] }, command: [] });
    if (asked !== undefined) {
      checkRunLimits(runLimits({ ...options, source: { kind: "host", with: [] } }) ?? asked, readMachine);
      const layout = readLayout();
      const groups = isAlive(state) ? readRun(paths.running)?.cgroups?.groups : undefined;
      if (groups !== undefined) changeResources(resourcesOf(asked, hasSwapAccounting(layout)), layout, groups);
    }
    writeRecord(home.folders, { ...record, options });
    tellContainer(home.folders, record, "update");
  });
}

/** `--cpus` and `--cpu-quota` are two words for one thing: the later one counts. */
function merged(before: RecordedOptions, changes: UpdateOptions): RecordedOptions {
  const { cpus, cpuPeriod, cpuQuota, ...rest } = before;
  const newCpu = changes.cpus !== undefined || changes.cpuPeriod !== undefined || changes.cpuQuota !== undefined;
  const cpu = newCpu
    ? {}
    : {
        ...(cpus === undefined ? {} : { cpus }),
        ...(cpuPeriod === undefined ? {} : { cpuPeriod }),
        ...(cpuQuota === undefined ? {} : { cpuQuota }),
      };
  return { ...rest, ...cpu, ...changes };
}
