import { existsSync, readFileSync } from "node:fs";

/** What tells about, or gives power over, the whole machine (moby, oci/defaults.go). */
const masked = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

const readonly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** The paths a container does not see by default, each CPU's temperatures among them (CVE-2020-8694 kin). */
export function maskedPaths(): string[] {
  return existsSync("/sys/devices/system/cpu/cpu0/thermal_throttle")
    ? [...masked, ...thermalPaths(readFileSync("/sys/devices/system/cpu/possible", "latin1"))]
    : [...masked];
}

/** The paths a container sees but cannot write by default. */
export function readonlyPaths(): string[] {
  return [...readonly];
}

/** `possible` is the kernel's list of CPUs: `0-3,6`. */
export function thermalPaths(possible: string): string[] {
  const paths: string[] = [];
  for (const range of possible.trim().split(",")) {
    const [first, last] = range.split("-");
    for (let cpu = Number(first); cpu <= Number(last ?? first); cpu++) {
      paths.push(`/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`);
    }
  }
  return paths;
}
