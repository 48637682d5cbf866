import type { List } from "../plan/index.ts";

const AT_FDCWD = -100;
const O_WRONLY_CLOEXEC = 0o2000001;

/**
 * Moves the clocks of a time namespace that this process has unshared and that is still empty
 * (time_namespaces(7)). Seconds; an absent clock stays as it is.
 */
export function setClockOffsets(
  list: List,
  offsets: { readonly monotonic?: number | undefined; readonly boottime?: number | undefined },
): void {
  for (const clock of ["monotonic", "boottime"] as const) {
    const seconds = offsets[clock];
    if (seconds === undefined) continue;
    const line = `${clock} ${seconds} 0`;
    list.step(
      `${clock} clock ${seconds < 0 ? "" : "+"}${seconds} s`,
      "possible only before the first process is in the namespace",
      () => `echo ${line} > /proc/self/timens_offsets`,
    );
    const fd = list.call("openat", AT_FDCWD, "/proc/self/timens_offsets", O_WRONLY_CLOEXEC, 0);
    list.call("write", fd, line, line.length).expect(line.length).about(`${clock} offset of ${seconds} s`);
  }
}
