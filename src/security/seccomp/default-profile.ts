import type { Arch } from "../../plan/index.ts";
import { defaultCapabilities } from "../capability-names.ts";
import { precompiledProfile } from "./precompiled.ts";
import type { LinuxSeccomp, LinuxSyscall } from "./profile.ts";

/**
 * What every container may call, by purpose. Everything else is denied: most of the kernel's calls are never
 * needed in a container, and each is code an attacker could try.
 */
const everyone = [
  // Files and directories.
  "access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 " +
    "fadvise64 fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 " +
    "fdatasync flock fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd " +
    "getdents getdents64 ioctl lchown lchown32 link linkat _llseek lseek lstat lstat64 mkdir mkdirat mknod mknodat " +
    "name_to_handle_at newfstatat open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read " +
    "readahead readlink readlinkat readv rename renameat renameat2 rmdir sendfile sendfile64 splice stat stat64 " +
    "statfs statfs64 statx symlink symlinkat sync sync_file_range syncfs tee truncate truncate64 umask unlink " +
    "unlinkat utime utimensat utimensat_time64 utimes vmsplice write writev",
  // Extended attributes.
  "fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr listxattrat llistxattr " +
    "lremovexattr lsetxattr removexattr removexattrat setxattr setxattrat",
  // Watching files and mounts.
  "cachestat fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch listmount statmount",
  // Memory.
  "brk madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2 " +
    "mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages",
  // Processes and threads. Other processes are out of sight, so looking into one means one's own.
  "execve execveat exit exit_group fork get_robust_list get_thread_area getcpu getpgid getpgrp getpid getppid " +
    "getpriority getrlimit getrusage getsid gettid ioprio_get ioprio_set kill pidfd_open pidfd_send_signal prctl " +
    "prlimit64 process_mrelease process_vm_readv process_vm_writev ptrace restart_syscall rseq set_robust_list " +
    "set_thread_area set_tid_address setpgid setpriority setrlimit setsid tgkill times tkill ugetrlimit uprobe " +
    "uretprobe vfork wait4 waitid waitpid",
  // Scheduling.
  "sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam " +
    "sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr " +
    "sched_setparam sched_setscheduler sched_yield",
  // Who one is; the kernel asks for capabilities where they are due.
  "capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid getresgid32 " +
    "getresuid getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups " +
    "setgroups32 setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32",
  // Confining oneself further.
  "landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp",
  // Signals.
  "pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait " +
    "rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack signalfd signalfd4 sigprocmask sigreturn",
  // Waiting, pipes and events.
  "_newselect epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 futex " +
    "futex_requeue futex_time64 futex_wait futex_waitv futex_wake pipe pipe2 poll ppoll ppoll_time64 pselect6 " +
    "pselect6_time64 select",
  // Asynchronous input and output of the old kind.
  "io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit",
  // Time and timers; adjtimex without CAP_SYS_TIME only reads.
  "adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 " +
    "clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create " +
    "timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create " +
    "timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64",
  // Sockets, except for making them.
  "accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64 " +
    "recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketpair",
  // Message queues, semaphores and shared memory of the container's own IPC namespace.
  "mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 " +
    "mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget",
  // The system.
  "getrandom sysinfo uname",
];

/** What programs of one architecture need besides. */
const ofArch: Readonly<Record<Arch, string>> = {
  x86_64: "arch_prctl modify_ldt",
  aarch64: "arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls",
};

/** Calls that come with a capability: without it they would fail anyway, or worse, not fail. */
const withCapability: Readonly<Record<string, string>> = {
  CAP_DAC_READ_SEARCH: "open_by_handle_at",
  CAP_SYS_ADMIN:
    "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr " +
    "lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl " +
    "quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare",
  CAP_SYS_BOOT: "reboot",
  CAP_SYS_CHROOT: "chroot",
  CAP_SYS_MODULE: "delete_module finit_module init_module",
  CAP_SYS_PACCT: "acct",
  CAP_SYS_PTRACE: "kcmp pidfd_getfd process_madvise",
  CAP_SYS_RAWIO: "ioperm iopl",
  CAP_SYS_TIME: "clock_settime clock_settime64 settimeofday stime",
  CAP_SYS_TTY_CONFIG: "vhangup",
  CAP_SYS_NICE: "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
  CAP_SYSLOG: "syslog",
  CAP_BPF: "bpf",
  CAP_PERFMON: "perf_event_open",
};

/** CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}; clone(2) has no CLONE_NEWTIME. */
const newNamespaces = 0x7e020000;

const ENOSYS = 38;

/** PER_LINUX and PER_LINUX32, with UNAME26 or without, and asking; others switch off protections such as ASLR. */
const personalities = [0, 8, 0x20000, 0x20008, 0xffffffff];

/** AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK: what programs need. */
const families = [1, 2, 10, 16];

/**
 * With CAP_NET_RAW or CAP_NET_ADMIN: all others too (raw packets, CAN, Bluetooth), except for AF_ALG (38), the
 * kernel's own cryptography and a source of exploits (CVE-2026-31431), and AF_VSOCK (40), which reaches the
 * host and other virtual machines past all namespaces.
 */
const familiesWithNet = [39, 41, 42, 43, 44, 45];
const belowAlg = 38;

/**
 * husk's default profile for a container with these capabilities: an allow list of at least the strength of
 * Docker's, whose entries depend on capabilities as there. Stricter are the socket families (each is a kernel
 * module that loads on demand), keyrings, and x32, which nobody uses.
 *
 * The socket families are compared with all 64 bits although the kernel reads 32: a family with something in
 * the high half is denied, where a comparison for "not AF_ALG" would let it through. On i386 socketcall(2)
 * keeps the family in memory where no filter can look; making sockets that way is denied, so 32-bit programs
 * have to use socket(2) (Linux 4.3; musl does, glibc for i386 does not).
 *
 * @param capabilities names in the bounding set, such as `CAP_CHOWN`
 */
export function defaultProfile(capabilities: readonly string[], arch: Arch): LinuxSeccomp {
  return isDefault(capabilities)
    ? precompiledProfile(arch, () => makeProfile(capabilities, arch))
    : makeProfile(capabilities, arch);
}

function isDefault(capabilities: readonly string[]): boolean {
  if (capabilities.length !== defaultCapabilities.length) return false;
  for (const name of defaultCapabilities) if (!capabilities.includes(name)) return false;
  return true;
}

function makeProfile(capabilities: readonly string[], arch: Arch): LinuxSeccomp {
  let rules: LinuxSyscall[] | undefined;
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    architectures: Object.freeze(
      arch === "x86_64" ? ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"] : ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
    ) as string[],
    // Made when somebody looks: a precompiled profile has its program already.
    get syscalls(): LinuxSyscall[] {
      return (rules ??= makeRules(capabilities, arch));
    },
  };
}

function makeRules(capabilities: readonly string[], arch: Arch): LinuxSyscall[] {
  const names: string[] = [];
  for (const group of everyone) names.push(...group.split(" "));
  names.push(...ofArch[arch].split(" "));
  for (const capability of capabilities) {
    const calls = withCapability[capability];
    if (calls !== undefined) names.push(...calls.split(" "));
  }
  const rules: LinuxSyscall[] = [{ names, action: "SCMP_ACT_ALLOW" }];
  if (!capabilities.includes("CAP_SYS_ADMIN")) {
    rules.push(allowIf("clone", "SCMP_CMP_MASKED_EQ", newNamespaces, 0), {
      names: ["clone3"],
      action: "SCMP_ACT_ERRNO",
      errnoRet: ENOSYS,
    });
  }
  if (capabilities.includes("CAP_NET_RAW") || capabilities.includes("CAP_NET_ADMIN")) {
    rules.push(allowIf("socket", "SCMP_CMP_LT", belowAlg));
    for (const family of familiesWithNet) rules.push(allowIf("socket", "SCMP_CMP_EQ", family));
  } else {
    for (const family of families) rules.push(allowIf("socket", "SCMP_CMP_EQ", family));
  }
  for (const persona of personalities) rules.push(allowIf("personality", "SCMP_CMP_EQ", persona));
  // The rules of a precompiled profile cannot change, or they would not be what its program does.
  return deepFreeze(rules);
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === "object") deepFreeze(inner as object);
  return Object.freeze(value);
}

function allowIf(
  name: string,
  op: "SCMP_CMP_EQ" | "SCMP_CMP_LT" | "SCMP_CMP_MASKED_EQ",
  value: number,
  valueTwo?: number,
): LinuxSyscall {
  const arg = valueTwo === undefined ? { index: 0, value, op } : { index: 0, value, valueTwo, op };
  return { names: [name], action: "SCMP_ACT_ALLOW", args: [arg] };
}
