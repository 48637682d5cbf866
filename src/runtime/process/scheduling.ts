import type { List } from "../../plan/index.ts";
import type { Linux, Process, Scheduler } from "../config.ts";

const IOPRIO_WHO_PROCESS = 1;
const IOPRIO_CLASS_SHIFT = 13;
const SCHED_ATTR_BYTES = 48;
const WORD_BITS = 64;

/** sched(7), linux/sched.h. */
export const schedulerPolicies: Readonly<Record<string, number>> = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
};

/** sched_setattr(2), linux/sched.h. */
export const schedulerFlags: Readonly<Record<string, number>> = {
  SCHED_FLAG_RESET_ON_FORK: 0x01,
  SCHED_FLAG_RECLAIM: 0x02,
  SCHED_FLAG_DL_OVERRUN: 0x04,
  SCHED_FLAG_KEEP_POLICY: 0x08,
  SCHED_FLAG_KEEP_PARAMS: 0x10,
  SCHED_FLAG_UTIL_CLAMP_MIN: 0x20,
  SCHED_FLAG_UTIL_CLAMP_MAX: 0x40,
};

/** ioprio_set(2). */
export const ioPriorityClasses: Readonly<Record<string, number>> = {
  IOPRIO_CLASS_RT: 1,
  IOPRIO_CLASS_BE: 2,
  IOPRIO_CLASS_IDLE: 3,
};

/** set_mempolicy(2), linux/mempolicy.h. */
export const memoryPolicyModes: Readonly<Record<string, number>> = {
  MPOL_DEFAULT: 0,
  MPOL_PREFERRED: 1,
  MPOL_BIND: 2,
  MPOL_INTERLEAVE: 3,
  MPOL_LOCAL: 4,
  MPOL_PREFERRED_MANY: 5,
  MPOL_WEIGHTED_INTERLEAVE: 6,
};

export const memoryPolicyFlags: Readonly<Record<string, number>> = {
  MPOL_F_NUMA_BALANCING: 1 << 13,
  MPOL_F_RELATIVE_NODES: 1 << 14,
  MPOL_F_STATIC_NODES: 1 << 15,
};

/** What a configuration says of how the program is scheduled, its I/O is, and where its memory comes from. */
export function setScheduling(list: List, process: Process, memoryPolicy: Linux["memoryPolicy"]): void {
  if (process.scheduler !== undefined) setScheduler(list, process.scheduler);
  if (process.ioPriority !== undefined) {
    const { class: name, priority } = process.ioPriority;
    const about = `${name} ${priority}`;
    list.step(`I/O priority ${about}`, "who comes first when a disk is busy (ioprio_set(2))");
    const value = ((ioPriorityClasses[name] ?? 0) << IOPRIO_CLASS_SHIFT) | priority;
    list.call("ioprio_set", IOPRIO_WHO_PROCESS, 0, value).about(about);
  }
  if (memoryPolicy === undefined) return;
  const { mode, nodes, flags = [] } = memoryPolicy;
  list.step(`memory policy ${mode} ${nodes}`, "which NUMA nodes memory comes from (set_mempolicy(2))");
  let bits = memoryPolicyModes[mode] ?? 0;
  for (const flag of flags) bits |= memoryPolicyFlags[flag] ?? 0;
  const mask = bitMask(nodes);
  // The kernel takes one bit less than it is told.
  const [pointer, length] = mask === undefined ? [null, 0] : [mask, mask.length * 8 + 1];
  list.call("set_mempolicy", bits, pointer, length).about(`${mode} ${nodes}`);
}

function setScheduler(list: List, scheduler: Scheduler): void {
  const { policy, nice = 0, priority = 0, flags = [], runtime = 0, deadline = 0, period = 0 } = scheduler;
  list.step(`scheduler ${policy}`, "who gets the CPU first (sched(7))");
  const attr = new Uint8Array(SCHED_ATTR_BYTES);
  const view = new DataView(attr.buffer);
  let bits = 0;
  for (const flag of flags) bits |= schedulerFlags[flag] ?? 0;
  view.setUint32(0, SCHED_ATTR_BYTES, true);
  view.setUint32(4, schedulerPolicies[policy] ?? 0, true);
  view.setUint32(8, bits, true);
  view.setInt32(16, nice, true);
  view.setUint32(20, priority, true);
  [runtime, deadline, period].forEach((nanoseconds, i) => {
    view.setBigUint64(24 + 8 * i, BigInt(nanoseconds), true);
  });
  list.call("sched_setattr", 0, attr, 0).about(`${policy}, nice ${nice}, priority ${priority}`);
}

/** Runs on these CPUs only, where the control group allows it (sched_setaffinity(2)). */
export function setAffinity(list: List, cpus: string): void {
  const mask = bitMask(cpus);
  if (mask === undefined) return;
  list.step(`CPUs ${cpus}`, "the program is moved to no other ones");
  list.call("sched_setaffinity", 0, mask.length, mask).about(`CPUs ${cpus}`);
}

/** `0-3,5` as whole 64-bit words of bits; undefined for an empty list. */
export function bitMask(list: string): Uint8Array | undefined {
  const numbers: number[] = [];
  for (const part of list.split(",")) {
    if (part.trim() === "") continue;
    const [first = 0, last = first] = part.split("-").map(Number);
    for (let n = first; n <= last; n++) numbers.push(n);
  }
  if (numbers.length === 0) return undefined;
  const words = Math.floor(Math.max(...numbers) / WORD_BITS) + 1;
  const mask = new Uint8Array(words * 8);
  for (const n of numbers) mask[n >> 3] = (mask[n >> 3] as number) | (1 << (n & 7));
  return mask;
}
