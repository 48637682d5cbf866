import { type List, Memory, type Result } from "../../plan/index.ts";

const AT_FDCWD = -100;
const O_WRONLY_CREAT_EXCL_CLOEXEC = 0o2000301;
const PID_DIGITS = 12;

/** Writes a process id to a file, which appears whole or not at all (`--pid-file` of runc and crun). */
export function writePidFile(keeper: List, pid: Result, path: string): void {
  const slash = path.lastIndexOf("/") + 1;
  const temporary = `${path.slice(0, slash)}.${path.slice(slash)}.new`;
  keeper.step(
    "process id file",
    "who started the container learns which process it is",
    () => "#   unshare(1) does not tell which process it has made: pgrep -P shows it",
  );
  const digits = new Memory(PID_DIGITS);
  const length = keeper.store(pid, digits, 0, "decimal");
  keeper.call("unlinkat", AT_FDCWD, temporary, 0).accept("ENOENT");
  const file = keeper.call("openat", AT_FDCWD, temporary, O_WRONLY_CREAT_EXCL_CLOEXEC, 0o644).about(path);
  keeper.call("write", file, digits, length).about(path);
  keeper.call("renameat2", AT_FDCWD, temporary, AT_FDCWD, path, 0).about(path);
}
