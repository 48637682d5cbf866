import { cpuWeight } from "./convert.ts";
import type { Hierarchy, Layout } from "./layout.ts";
import { need, onlyV1, type ResourceWrite } from "./resource-write.ts";
import type { LinuxCPU } from "./resources.ts";

/** Writes for `cpu`, which are the controllers `cpu` and `cpuset`. */
export function cpuWrites(writes: ResourceWrite[], cpu: LinuxCPU, layout: Layout): void {
  const controller = "cpu";
  const { shares = 0, quota = 0, period = 0, burst, realtimePeriod = 0, realtimeRuntime = 0, idle } = cpu;
  const push = (hierarchy: Hierarchy, file: string, value: string, object: string, why: string): void => {
    writes.push({ hierarchy, controller, file, value, object, why });
  };
  if (shares !== 0) {
    const object = `cpu shares ${shares}`;
    const hierarchy = need(layout, controller, object);
    const why = "when others want the CPU too, it is divided in proportion";
    if (hierarchy.version === 1) push(hierarchy, "cpu.shares", `${shares}`, object, why);
    else {
      const weight = `${cpuWeight(shares)}`;
      push(
        hierarchy,
        "cpu.weight",
        weight,
        object,
        `${why}; ${shares} shares of v1 are weight ${weight} of v2: 10^((l² + 125 l)/612 - 7/34), l = log2 ${shares}`,
      );
    }
  }
  if (quota !== 0 || period !== 0) cpuBandwidth(push, need(layout, controller, "cpu quota"), quota, period);
  if (burst !== undefined && burst !== 0) {
    const object = `cpu burst ${burst} µs`;
    const hierarchy = need(layout, controller, object);
    push(
      hierarchy,
      hierarchy.version === 1 ? "cpu.cfs_burst_us" : "cpu.max.burst",
      `${burst}`,
      object,
      "time left over in quiet periods may be used later",
    );
  }
  if (realtimePeriod !== 0 || realtimeRuntime !== 0) {
    const object = `real-time budget ${realtimeRuntime} µs`;
    const hierarchy = need(layout, controller, object);
    if (hierarchy.version === 2) throw onlyV1(object);
    const why =
      "real-time tasks of the container may use this much of each period; the groups above need as much";
    if (realtimePeriod !== 0)
      push(hierarchy, "cpu.rt_period_us", `${realtimePeriod}`, `real-time period ${realtimePeriod} µs`, why);
    if (realtimeRuntime !== 0) push(hierarchy, "cpu.rt_runtime_us", `${realtimeRuntime}`, object, why);
  }
  if (idle !== undefined && idle !== 0)
    push(
      need(layout, controller, "cpu idle"),
      "cpu.idle",
      "1",
      "idle priority",
      "runs only when nothing else wants the CPU",
    );
  cpusetWrite(writes, layout, "cpus", cpu.cpus);
  cpusetWrite(writes, layout, "mems", cpu.mems);
}

type Push = (hierarchy: Hierarchy, file: string, value: string, object: string, why: string) => void;

/** v1 refuses a quota above the one of the group above in proportion to the period: period first. */
function cpuBandwidth(push: Push, hierarchy: Hierarchy, quota: number, period: number): void {
  const each = period === 0 ? 100_000 : period;
  const object =
    quota > 0 ? `cpu quota ${quota} of ${each} µs` : quota < 0 ? "no cpu quota" : `cpu period ${each} µs`;
  const why =
    quota > 0
      ? `${quota / each} CPU${quota === each ? "" : "s"}: when the time of a period is used up, everything in the container waits for the next`
      : "length of the periods in which CPU time is counted";
  if (hierarchy.version === 2) {
    push(hierarchy, "cpu.max", `${quota > 0 ? quota : "max"} ${each}`, object, why);
    return;
  }
  if (period !== 0)
    push(
      hierarchy,
      "cpu.cfs_period_us",
      `${period}`,
      `cpu period ${period} µs`,
      "length of the periods in which CPU time is counted",
    );
  if (quota !== 0) push(hierarchy, "cpu.cfs_quota_us", `${quota > 0 ? quota : -1}`, object, why);
}

function cpusetWrite(
  writes: ResourceWrite[],
  layout: Layout,
  kind: "cpus" | "mems",
  list: string | undefined,
): void {
  if (list === undefined || list === "") return;
  const object = `${kind === "cpus" ? "CPUs" : "memory nodes"} ${list}`;
  const hierarchy = need(layout, "cpuset", object);
  const why =
    kind === "cpus"
      ? "the container runs on these CPUs only"
      : "the container's memory comes from these NUMA nodes only";
  writes.push({ hierarchy, controller: "cpuset", file: `cpuset.${kind}`, value: list, object, why });
}
