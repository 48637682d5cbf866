/** Names of the bits that plans use, by the kernel's uapi headers; the order is that of the text. */

export const openFlags: Readonly<Record<string, number>> = {
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_NOCTTY: 0o400,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000,
  O_DIRECTORY: 0o200000,
  O_NOFOLLOW: 0o400000,
  O_CLOEXEC: 0o2000000,
  O_PATH: 0o10000000,
};

export const resolveFlags: Readonly<Record<string, number>> = {
  RESOLVE_NO_XDEV: 1,
  RESOLVE_NO_MAGICLINKS: 2,
  RESOLVE_NO_SYMLINKS: 4,
  RESOLVE_BENEATH: 8,
  RESOLVE_IN_ROOT: 16,
};

export const atFlags: Readonly<Record<string, number>> = {
  AT_SYMLINK_NOFOLLOW: 0x100,
  AT_REMOVEDIR: 0x200,
  AT_SYMLINK_FOLLOW: 0x400,
  AT_NO_AUTOMOUNT: 0x800,
  AT_EMPTY_PATH: 0x1000,
  AT_RECURSIVE: 0x8000,
};

export const mountFlags: Readonly<Record<string, number>> = {
  MS_RDONLY: 1,
  MS_NOSUID: 2,
  MS_NODEV: 4,
  MS_NOEXEC: 8,
  MS_REMOUNT: 32,
  MS_BIND: 4096,
  MS_MOVE: 8192,
  MS_REC: 16384,
  MS_UNBINDABLE: 1 << 17,
  MS_PRIVATE: 1 << 18,
  MS_SLAVE: 1 << 19,
  MS_SHARED: 1 << 20,
};

export const mountAttributes: Readonly<Record<string, number>> = {
  MOUNT_ATTR_RDONLY: 1,
  MOUNT_ATTR_NOSUID: 2,
  MOUNT_ATTR_NODEV: 4,
  MOUNT_ATTR_NOEXEC: 8,
  MOUNT_ATTR_NOATIME: 16,
  MOUNT_ATTR_STRICTATIME: 32,
  MOUNT_ATTR_NODIRATIME: 128,
  MOUNT_ATTR_IDMAP: 0x100000,
  MOUNT_ATTR_NOSYMFOLLOW: 0x200000,
};

export const cloneFlags: Readonly<Record<string, number>> = {
  CLONE_NEWTIME: 0x80,
  CLONE_PARENT: 0x8000,
  CLONE_NEWNS: 0x20000,
  CLONE_NEWCGROUP: 0x2000000,
  CLONE_NEWUTS: 0x4000000,
  CLONE_NEWIPC: 0x8000000,
  CLONE_NEWUSER: 0x10000000,
  CLONE_NEWPID: 0x20000000,
  CLONE_NEWNET: 0x40000000,
  CLONE_INTO_CGROUP: 0x200000000,
};

export const openTreeFlags: Readonly<Record<string, number>> = {
  OPEN_TREE_CLONE: 1,
  OPEN_TREE_CLOEXEC: 0o2000000,
  AT_SYMLINK_NOFOLLOW: 0x100,
  AT_EMPTY_PATH: 0x1000,
  AT_RECURSIVE: 0x8000,
};

export const moveMountFlags: Readonly<Record<string, number>> = {
  MOVE_MOUNT_F_SYMLINKS: 1,
  MOVE_MOUNT_F_EMPTY_PATH: 4,
  MOVE_MOUNT_T_SYMLINKS: 16,
  MOVE_MOUNT_T_EMPTY_PATH: 64,
  MOVE_MOUNT_SET_GROUP: 0x100,
  MOVE_MOUNT_BENEATH: 0x200,
};

export const fspickFlags: Readonly<Record<string, number>> = {
  FSPICK_CLOEXEC: 1,
  FSPICK_SYMLINK_NOFOLLOW: 2,
  FSPICK_NO_AUTOMOUNT: 4,
  FSPICK_EMPTY_PATH: 8,
};

export const fsconfigCommands: Readonly<Record<number, string>> = {
  0: "FSCONFIG_SET_FLAG",
  1: "FSCONFIG_SET_STRING",
  2: "FSCONFIG_SET_BINARY",
  3: "FSCONFIG_SET_PATH",
  4: "FSCONFIG_SET_PATH_EMPTY",
  5: "FSCONFIG_SET_FD",
  6: "FSCONFIG_CMD_CREATE",
  7: "FSCONFIG_CMD_RECONFIGURE",
};

export const prctlOptions: Readonly<Record<number, string>> = {
  1: "PR_SET_PDEATHSIG",
  4: "PR_SET_DUMPABLE",
  8: "PR_SET_KEEPCAPS",
  24: "PR_CAPBSET_DROP",
  28: "PR_SET_SECUREBITS",
  36: "PR_SET_CHILD_SUBREAPER",
  38: "PR_SET_NO_NEW_PRIVS",
  47: "PR_CAP_AMBIENT",
};

export const ambientOptions: Readonly<Record<number, string>> = {
  1: "PR_CAP_AMBIENT_IS_SET",
  2: "PR_CAP_AMBIENT_RAISE",
  3: "PR_CAP_AMBIENT_LOWER",
  4: "PR_CAP_AMBIENT_CLEAR_ALL",
};

export const ioctlRequests: Readonly<Record<number, string>> = {
  0x540e: "TIOCSCTTY",
  0x5413: "TIOCGWINSZ",
  0x5414: "TIOCSWINSZ",
  0x5441: "TIOCGPTPEER",
  0x40045431: "TIOCSPTLCK",
  0x8913: "SIOCGIFFLAGS",
  0x8914: "SIOCSIFFLAGS",
};

export const socketFamilies: Readonly<Record<number, string>> = {
  1: "AF_UNIX",
  2: "AF_INET",
  10: "AF_INET6",
  16: "AF_NETLINK",
};

export const socketTypes: Readonly<Record<number, string>> = {
  1: "SOCK_STREAM",
  2: "SOCK_DGRAM",
  3: "SOCK_RAW",
  5: "SOCK_SEQPACKET",
};

export const socketFlags: Readonly<Record<string, number>> = {
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
};

export const messageFlags: Readonly<Record<string, number>> = {
  MSG_PEEK: 2,
  MSG_DONTWAIT: 0x40,
  MSG_NOSIGNAL: 0x4000,
  MSG_CMSG_CLOEXEC: 0x40000000,
};

export const lockFlags: Readonly<Record<string, number>> = { LOCK_SH: 1, LOCK_EX: 2, LOCK_NB: 4, LOCK_UN: 8 };
export const accessModes: Readonly<Record<string, number>> = { X_OK: 1, W_OK: 2, R_OK: 4 };
export const umountFlags: Readonly<Record<string, number>> = {
  MNT_FORCE: 1,
  MNT_DETACH: 2,
  MNT_EXPIRE: 4,
  UMOUNT_NOFOLLOW: 8,
};
export const memfdFlags: Readonly<Record<string, number>> = {
  MFD_CLOEXEC: 1,
  MFD_ALLOW_SEALING: 2,
  MFD_NOEXEC_SEAL: 8,
  MFD_EXEC: 16,
};
export const closeRangeFlags: Readonly<Record<string, number>> = {
  CLOSE_RANGE_UNSHARE: 2,
  CLOSE_RANGE_CLOEXEC: 4,
};
export const seccompFlags: Readonly<Record<string, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC: 1,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
  SECCOMP_FILTER_FLAG_NEW_LISTENER: 8,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 32,
};
export const statxMask: Readonly<Record<string, number>> = { STATX_TYPE: 1, STATX_MODE: 2, STATX_INO: 0x100 };
export const pollEvents: Readonly<Record<string, number>> = {
  POLLIN: 1,
  POLLOUT: 4,
  POLLERR: 8,
  POLLHUP: 16,
};

export const fileTypes: Readonly<Record<number, string>> = {
  0o010000: "S_IFIFO",
  0o020000: "S_IFCHR",
  0o040000: "S_IFDIR",
  0o060000: "S_IFBLK",
  0o100000: "S_IFREG",
  0o120000: "S_IFLNK",
  0o140000: "S_IFSOCK",
};

export const rlimitNames: readonly string[] = [
  ..."CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME"
    .split(" ")
    .map((name) => `RLIMIT_${name}`),
];

export const signals: Readonly<Record<number, string>> = {
  0: "0",
  9: "SIGKILL",
  15: "SIGTERM",
  17: "SIGCHLD",
};

export const fcntlCommands: Readonly<Record<number, string>> = {
  1: "F_GETFD",
  2: "F_SETFD",
  3: "F_GETFL",
  4: "F_SETFL",
  1030: "F_DUPFD_CLOEXEC",
  1033: "F_ADD_SEALS",
};
