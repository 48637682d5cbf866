import { readMachine } from "../cpu-list.ts";

/** What the kernel takes in a file, in words; undefined where only its own documentation tells. */
export function allowedRange(file: string, errno: string): string | undefined {
  if (file.endsWith("limit_in_bytes") || file === "memory.max") {
    if (errno === "EBUSY")
      return "the group uses more than that, and nothing of it can be given back: free memory first";
    if (file === "memory.limit_in_bytes")
      return "bytes, at most memory.memsw.limit_in_bytes (raise that one first)";
    if (file === "memory.memsw.limit_in_bytes")
      return "bytes, at least memory.limit_in_bytes (lower that one first)";
    return "bytes, or max";
  }
  const range = ranges[file];
  if (range !== undefined) return range;
  if (file.startsWith("cpuset.")) {
    const { cpus, mems } = readMachine();
    return `a list within what the group above has; this machine has CPUs ${cpus} and memory nodes ${mems}`;
  }
  return undefined;
}

const ranges: Readonly<Record<string, string>> = {
  "cpu.weight": "1 to 10000; 100 is usual",
  "cpu.shares": "2 to 262144; 1024 is usual",
  "cpu.max": "QUOTA PERIOD or max PERIOD: quota from 1000 µs up, period 1000 to 1000000 µs",
  "cpu.cfs_quota_us": "from 1000 µs up, or -1; as a share of the period not more than the group above has",
  "cpu.cfs_period_us": "1000 to 1000000 µs",
  "cpu.cfs_burst_us": "0 to the quota",
  "cpu.max.burst": "0 to the quota",
  "cpu.idle": "0 or 1",
  "pids.max": "0 to 4194304, or max",
  "memory.swappiness": "0 to 200",
  "memory.low": "bytes, or max",
  "memory.high": "bytes, or max",
  "memory.swap.max": "bytes, or max",
  "io.weight": "1 to 10000, or DEVICE WEIGHT; 100 is usual",
  "io.bfq.weight": "1 to 1000; 100 is usual",
  "blkio.bfq.weight": "1 to 1000; 100 is usual",
  "blkio.weight": "10 to 1000",
  "io.max": "MAJOR:MINOR rbps=N wbps=N riops=N wiops=N, of a whole disk",
  "freezer.state": "FROZEN or THAWED",
  "cgroup.freeze": "0 or 1",
};
