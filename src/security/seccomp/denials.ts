/** A group of calls the default profile denies, and the reason. */
export interface Denial {
  readonly names: string;
  /** Denied unless the container has this capability; absent: always. */
  readonly unless?: string;
  readonly why: string;
}

/** What the default profile denies that somebody may miss, with the reason: for readers and tests. */
export const denials: readonly Denial[] = [
  {
    names: "add_key keyctl request_key",
    why: "the kernel's keyrings know no namespaces: a container could reach keys of other users of the same uid",
  },
  {
    names: "io_uring_enter io_uring_register io_uring_setup",
    why: "io_uring carries out calls no filter sees, and has been a main source of kernel exploits",
  },
  {
    names: "userfaultfd",
    why: "holding the kernel at a page fault for as long as one likes makes races in it winnable",
  },
  {
    names: "kexec_file_load kexec_load",
    why: "starts another kernel",
  },
  {
    names: "swapoff swapon",
    why: "swap belongs to the host",
  },
  {
    names: "pivot_root",
    why: "the root file system has been changed for the container already",
  },
  {
    names: "migrate_pages move_pages",
    why: "moves the memory of other processes between NUMA nodes",
  },
  {
    names: "_sysctl create_module get_kernel_syms nfsservctl query_module sysfs uselib ustat vm86 vm86old",
    why: "calls of old kernels that nobody maintains and nobody needs",
  },
  {
    names: "clone3",
    unless: "CAP_SYS_ADMIN",
    why: "its flags lie in memory, where no filter can look for new namespaces: ENOSYS makes libraries use clone",
  },
  {
    names:
      "fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree setns umount umount2 unshare",
    unless: "CAP_SYS_ADMIN",
    why: "new namespaces and mounts, also with the powers of a new user namespace, are the way to most exploits",
  },
  {
    names:
      "fanotify_init lookup_dcookie lsm_get_self_attr lsm_list_modules lsm_set_self_attr quotactl quotactl_fd",
    unless: "CAP_SYS_ADMIN",
    why: "about the whole host",
  },
  {
    names: "setdomainname sethostname",
    unless: "CAP_SYS_ADMIN",
    why: "the host name is set when the container is made",
  },
  {
    names: "open_by_handle_at",
    unless: "CAP_DAC_READ_SEARCH",
    why: "opens files by number, also outside the container's root (the shocker exploit of 2014)",
  },
  { names: "bpf", unless: "CAP_BPF", why: "loads programs into the kernel" },
  { names: "perf_event_open", unless: "CAP_PERFMON", why: "measures other processes and the kernel" },
  { names: "syslog", unless: "CAP_SYSLOG", why: "the kernel's log shows the host's, and addresses in it" },
  { names: "delete_module finit_module init_module", unless: "CAP_SYS_MODULE", why: "code in the kernel" },
  { names: "reboot", unless: "CAP_SYS_BOOT", why: "restarts the host" },
  { names: "acct", unless: "CAP_SYS_PACCT", why: "process accounting of the host" },
  { names: "ioperm iopl", unless: "CAP_SYS_RAWIO", why: "direct access to hardware" },
  {
    names: "clock_settime clock_settime64 settimeofday stime",
    unless: "CAP_SYS_TIME",
    why: "there is one clock for all",
  },
  { names: "vhangup", unless: "CAP_SYS_TTY_CONFIG", why: "ends other sessions on a terminal" },
  { names: "chroot", unless: "CAP_SYS_CHROOT", why: "a way out of a root directory that was set by chroot" },
  {
    names: "kcmp pidfd_getfd process_madvise",
    unless: "CAP_SYS_PTRACE",
    why: "reaches into other processes",
  },
  {
    names: "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
    unless: "CAP_SYS_NICE",
    why: "memory placement is the host's to decide",
  },
];
