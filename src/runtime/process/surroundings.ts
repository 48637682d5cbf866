import {
  type Call,
  Check,
  ifreqFlags,
  type List,
  Memory,
  OPEN_HOW_BYTES,
  openHow,
  quote,
  type Result,
} from "../../plan/index.ts";
import { utf8 } from "../../platform/utf8.ts";
import { inRootfs } from "../../rootfs/index.ts";

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 0o2000002;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP_RUNNING = 0x41;
const KEYCTL_JOIN_SESSION_KEYRING = 1;
const PATH_BYTES = 4096;
const SLASH = 0x2f;
const AT_FDCWD = -100;
const O_PATH_DIRECTORY_CLOEXEC = 0o12200000;
const RESOLVE_NO_MAGICLINKS = 0x02;

/** A new network namespace has a loopback device that is down (network_namespaces(7)). */
export function bringLoopbackUp(list: List): void {
  list.step(
    "loopback up",
    "programs expect 127.0.0.1 to answer",
    () =>
      `if command -v ip > /dev/null; then ip link set lo up
else echo "no ip(8) here: nothing answers at 127.0.0.1" >&2; fi`,
  );
  const socket = list.call("socket", AF_INET, SOCK_DGRAM_CLOEXEC, 0);
  list.call("ioctl", socket, SIOCSIFFLAGS, ifreqFlags("lo", IFF_UP_RUNNING)).about("lo");
}

/** A session keyring of its own: keys of the caller's session are out of reach (keyrings(7)). */
export function joinSessionKeyring(list: List, id: string): void {
  list.step(
    "own session keyring",
    "keys of the caller's login session stay out of reach",
    () => "#   keyctl(1) has it, for a program that is executed by it: keyctl session NAME PROGRAM",
  );
  // Kernels without keys, and containers whose seccomp filter forbids keyctl, have none to protect.
  list.call("keyctl", KEYCTL_JOIN_SESSION_KEYRING, `_ses.${id}`, 0, 0, 0).accept("ENOSYS", "EPERM", "EDQUOT");
}

export function setHostname(list: List, hostname: string): void {
  list.step(`hostname ${hostname}`, "the host keeps its own name", () => `hostname ${quote(hostname)}`);
  list.call("sethostname", hostname, utf8.encode(hostname).length).about(`hostname "${hostname}"`);
}

export function setDomainname(list: List, domainname: string): void {
  list.step(
    `domain name ${domainname}`,
    "the NIS domain name is private too",
    () => `echo ${quote(domainname)} > /proc/sys/kernel/domainname`,
  );
  list.call("setdomainname", domainname, utf8.encode(domainname).length).about(`domainname "${domainname}"`);
}

/**
 * Writes oom_score_adj (proc_pid_oom_score_adj(5)).
 *
 * @param folder where `path` begins: a folder of a procfs nobody else can have tampered with, or AT_FDCWD
 */
export function setOomScoreAdj(list: List, folder: Result | number, path: string, value: number): void {
  list.step(
    `oom_score_adj ${value}`,
    "when memory runs out the kernel kills processes with a higher score first",
    () => `echo ${value} > /proc/self/oom_score_adj`,
  );
  const fd = list.call("openat", folder, path, 0o2000001).about("oom_score_adj");
  const text = `${value}`;
  list.call("write", fd, text, text.length).expect(text.length).about(`oom_score_adj ${value}`);
}

/** The working directory, once it has been entered. */
export interface WorkingDirectory {
  /** Tries again as the container's user: the folder may be closed to root (NFS, user namespaces). */
  again(list: List): void;
}

/**
 * Enters the working directory, and refuses one outside the root: through the links of /proc, a descriptor of the
 * host could be made one, and folders be made below it (CVE-2024-21626). Those links are not followed, and where
 * the process is in the end is looked at.
 */
export function enterWorkingDirectory(list: List, cwd: string, make: boolean): WorkingDirectory {
  list.step(`working directory ${cwd}`, "where the program starts", () =>
    make && cwd !== "/"
      ? `mkdir -p ${inRootfs(cwd)} || : # a read-only root may have it or not`
      : "#   env --chdir at the end",
  );
  if (make) makeDirectories(list, cwd);
  const about = `working directory "${cwd}"`;
  const first =
    cwd === "/"
      ? list.call("chdir", cwd).accept("EACCES", "EPERM").about(about)
      : list
          .call("fchdir", openFolder(list, cwd).accept("EACCES", "EPERM").about(about))
          .accept("EACCES", "EPERM", "EBADF")
          .about(about);
  return {
    again(later: List): void {
      later.step(
        "check the working directory",
        "a working directory outside the container's root would be a way out",
        () => "#   nothing to do: no descriptor of the host's folders is open",
      );
      later.when(first, "failed", () => {
        later.call("fchdir", openFolder(later, cwd).about(about)).about(about);
      });
      const path = new Memory(PATH_BYTES);
      later.call("getcwd", path, PATH_BYTES).about(about);
      later.add(new Check(path, 0, "u32", SLASH, "ENOENT", 0xff)).object =
        `${about}, which lies outside the container`;
    },
  };
}

/** Opens a folder of the container, but no link of /proc: those lead wherever a descriptor does (openat2(2)). */
function openFolder(list: List, path: string): Call {
  const how = openHow(O_PATH_DIRECTORY_CLOEXEC, 0, RESOLVE_NO_MAGICLINKS);
  return list.call("openat2", AT_FDCWD, path, how, OPEN_HOW_BYTES);
}

/** As docker: a working directory the image lacks is made, each folder 0755 and root's. */
function makeDirectories(list: List, path: string): void {
  let parent: Result | undefined;
  for (let start = 1; start < path.length; ) {
    let end = path.indexOf("/", start);
    if (end < 0) end = path.length;
    const name = parent === undefined ? path.slice(0, end) : path.slice(start, end);
    // A read-only root refuses; whether the folder is there after all, entering it tells.
    if (end > start)
      list
        .call("mkdirat", parent ?? AT_FDCWD, name, 0o755)
        .accept("EEXIST", "EROFS", "EACCES", "EPERM", "ENOENT", "EBADF");
    start = end + 1;
    if (start < path.length)
      parent = openFolder(list, path.slice(0, end)).accept("ENOENT", "EACCES", "EPERM").about(path);
  }
}
