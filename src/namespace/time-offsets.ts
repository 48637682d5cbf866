import type { List } from "../plan/index.ts";

const AT_FDCWD = -100;
const O_WRONLY_CLOEXEC = 0o2000001;

/** Seconds, or seconds and nanoseconds. */
export type ClockOffset = number | { readonly secs?: number; readonly nanosecs?: number };

/**
 * Moves the clocks of a time namespace that this process has unshared and that is still empty
 * (time_namespaces(7)). An absent clock stays as it is.
 */
export function setClockOffsets(
  list: List,
  offsets: { readonly monotonic?: ClockOffset | undefined; readonly boottime?: ClockOffset | undefined },
): void {
  for (const clock of ["monotonic", "boottime"] as const) {
    const offset = offsets[clock];
    if (offset === undefined) continue;
    const { secs: seconds = 0, nanosecs = 0 } = typeof offset === "number" ? { secs: offset } : offset;
    const line = `${clock} ${seconds} ${nanosecs}`;
    list.step(
      `${clock} clock ${seconds < 0 ? "" : "+"}${seconds} s`,
      "possible only before the first process is in the namespace",
      () => `echo ${line} > /proc/self/timens_offsets`,
    );
    const fd = list.call("openat", AT_FDCWD, "/proc/self/timens_offsets", O_WRONLY_CLOEXEC, 0);
    list.call("write", fd, line, line.length).expect(line.length).about(`${clock} offset of ${seconds} s`);
  }
}
