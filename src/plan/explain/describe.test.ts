import { expect, test } from "bun:test";
import { Call, Check, Clone, Exec, Keep, List, Memory, type Operation } from "../plan.ts";
import {
  cloneArgs,
  descriptorMessage,
  DESCRIPTOR_AT,
  ifreqFlags,
  mountAttr,
  openHow,
  pollfd,
  rlimit64,
  setHighFlag,
  sockFprog,
  timespec,
} from "../structs.ts";
import { describeOperation } from "./describe.ts";
import { Names } from "./names.ts";

function describe(build: (list: List) => void): string[] {
  const list = new List("container").step("step", "");
  build(list);
  const names = new Names([list]);
  const lines: string[] = [];
  const add = (operation: Operation): void => {
    const line = describeOperation(operation, names);
    if (line !== undefined) lines.push(line);
    if (operation.kind === "when") operation.body.forEach(add);
  };
  list.steps[0]?.operations.forEach(add);
  return lines;
}

const table: readonly (readonly [Call, string])[] = [
  [new Call("openat", [-100, "/a", 0, 0]), 'openat(AT_FDCWD, "/a", O_RDONLY)'],
  [
    new Call("openat", [-100, "/a", 0o2000301, 0o600]),
    'openat(AT_FDCWD, "/a", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0600)',
  ],
  [
    new Call("openat2", [3, "a", openHow(0o12000000, 0, 0x14), 24]),
    'openat2(3, "a", {O_CLOEXEC|O_PATH, RESOLVE_NO_SYMLINKS|RESOLVE_IN_ROOT}, 24)',
  ],
  [new Call("mkdirat", [-100, "/a", 0o1777]).accept("EEXIST"), 'mkdirat(AT_FDCWD, "/a", 01777) or EEXIST'],
  [new Call("mknodat", [3, "sda1", 0o60660, 0x801]), 'mknodat(3, "sda1", S_IFBLK|0660, makedev(8, 1))'],
  [new Call("mknodat", [3, "f", 0o100000, 0]), 'mknodat(3, "f", S_IFREG|0, 0)'],
  [new Call("fchownat", [3, "a", 0xffffffff, 5, 0x100]), 'fchownat(3, "a", -1, 5, AT_SYMLINK_NOFOLLOW)'],
  [new Call("faccessat", [-100, "/a", 0]), 'faccessat(AT_FDCWD, "/a", F_OK)'],
  [new Call("faccessat", [-100, "/a", 1]), 'faccessat(AT_FDCWD, "/a", X_OK)'],
  [new Call("flock", [3, 6]), "flock(3, LOCK_EX|LOCK_NB)"],
  [
    new Call("statx", [3, "", 0x1000, 1, new Memory(256)]),
    'statx(3, "", AT_EMPTY_PATH, STATX_TYPE, {256 bytes})',
  ],
  [new Call("mount", ["tmpfs", "/a", "tmpfs", 1, null]), 'mount("tmpfs", "/a", "tmpfs", MS_RDONLY, NULL)'],
  [
    new Call("mount_setattr", [3, "", 0x9000, mountAttr(1, 0x20, 1 << 18), 32]),
    'mount_setattr(3, "", AT_EMPTY_PATH|AT_RECURSIVE, {set MOUNT_ATTR_RDONLY, clear MOUNT_ATTR_STRICTATIME, propagation MS_PRIVATE}, 32)',
  ],
  [new Call("fsconfig", [3, 6, null, null, 0]), "fsconfig(3, FSCONFIG_CMD_CREATE, NULL, NULL, 0)"],
  [new Call("unshare", [0x2000000]), "unshare(CLONE_NEWCGROUP)"],
  [new Call("setns", [3, 0]), "setns(3, any kind)"],
  [new Call("prctl", [24, 21, 0, 0, 0]).about("CAP_SYS_ADMIN"), "prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN)"],
  [
    new Call("prctl", [47, 2, 12, 0, 0]).about("ambient CAP_NET_ADMIN"),
    "prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN)",
  ],
  [new Call("prctl", [1, 9, 0, 0, 0]), "prctl(PR_SET_PDEATHSIG, SIGKILL)"],
  [new Call("prctl", [4, 0, 0, 0, 0]), "prctl(PR_SET_DUMPABLE, 0)"],
  [
    new Call("capset", [
      new Memory(8),
      new Memory(new Uint8Array(Uint32Array.of(1, 3, 0, 0x100, 0x100, 0).buffer)),
    ]),
    "capset({version 3, this thread}, {effective=0x10000000001, permitted=0x10000000003, inheritable=0})",
  ],
  [new Call("setgroups", [2, new Uint8Array(Uint32Array.of(5, 1000).buffer)]), "setgroups(2, [5, 1000])"],
  [new Call("setresuid", [0xffffffff, 1000, 1000]), "setresuid(-1, 1000, 1000)"],
  [new Call("umask", [0o22]), "umask(022)"],
  [new Call("personality", [8]), "personality(PER_LINUX32)"],
  [new Call("bpf", [8, new Memory(20), 20]), "bpf(BPF_PROG_ATTACH, {20 bytes}, 20)"],
  [new Call("keyctl", [1, "_ses.a", 0, 0, 0]), 'keyctl(KEYCTL_JOIN_SESSION_KEYRING, "_ses.a")'],
  [
    new Call("prlimit64", [0, 7, rlimit64(1024, -1), null]),
    "prlimit64(0, RLIMIT_NOFILE, {soft=1024, hard=RLIM_INFINITY}, NULL)",
  ],
  [
    new Call("seccomp", [1, 2, sockFprog(new Uint8Array(80))]),
    "seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, {10 instructions})",
  ],
  [new Call("socket", [2, 0o2000002, 0]), "socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, 0)"],
  [
    new Call("ioctl", [3, 0x8914, ifreqFlags("lo", 0x41)]),
    'ioctl(3, SIOCSIFFLAGS, {"lo", IFF_UP|IFF_RUNNING})',
  ],
  [new Call("ioctl", [3, 0x5441, 0o2000402]), "ioctl(3, TIOCGPTPEER, O_RDWR|O_NOCTTY|O_CLOEXEC)"],
  [new Call("ppoll", [pollfd(1), 1, timespec(0), null, 0]), "ppoll([{fd, POLLIN}], 1, no time, NULL, 0)"],
  [new Call("write", [3, new TextEncoder().encode("0 5\n"), 4]), 'write(3, "0 5\\n", 4)'],
  [new Call("write", [3, Uint8Array.of(1, 2, 3), 3]), "write(3, {3 bytes}, 3)"],
  [new Call("read", [3, new Uint8Array(8), 1]), "read(3, {1 byte}, 1)"],
  [new Call("write", [3, "a".repeat(100), 100]), `write(3, "${"a".repeat(48)}…${"a".repeat(20)}", 100)`],
  [
    new Call("mkdirat", [-100, `/husk-${"0123456789abcdef".repeat(4)}/tasks`, 0o755]),
    'mkdirat(AT_FDCWD, "/husk-0123456789ab…/tasks", 0755)',
  ],
  [new Call("umount2", [".", 2 | 0x40]), 'umount2(".", MNT_DETACH|0x40)'],
];

test.each(table.map(([call, text]) => [text, call] as const))("%s", (text, call) => {
  expect(describe((list) => list.add(call))).toEqual([text]);
});

test("results that travel through memory are named at both ends", () => {
  expect(
    describe((list) => {
      const ends = new Memory(8);
      list.call("pipe2", ends, 0o2000000);
      const read = list.load(ends, 0);
      const group = list.call("openat", -100, "/group", 0o12000000, 0);
      const args = cloneArgs(0x20000000);
      setHighFlag(args, 33);
      list.store(group, args, 80, "u64");
      const pid = list.add(new Clone(args, new List("container")));
      const path = new Memory(24);
      path.bytes.set(new TextEncoder().encode("/proc/"));
      list.store(pid, path, 6, "decimal");
      list.call("openat", -100, path, 0, 0);
      const { header, control } = descriptorMessage();
      list.call("recvmsg", read, header, 0x40000000);
      const numbers = new Memory(new Uint8Array(Int32Array.of(0, 1).buffer));
      list.add(
        new Keep({
          pid,
          relays: [{ from: list.load(control, DESCRIPTOR_AT), to: list.load(numbers, 4), drains: true }],
          forwardSignals: true,
          timeoutMilliseconds: 500,
        }),
      );
    }),
  ).toEqual([
    "pipe2([%1], O_CLOEXEC)",
    '%2 = openat(AT_FDCWD, "/group", O_CLOEXEC|O_PATH)',
    "%3 = clone3({CLONE_NEWPID|CLONE_INTO_CGROUP, cgroup=%2}) → container",
    'openat(AT_FDCWD, "/proc/%3", O_RDONLY)',
    "recvmsg(%1, {SCM_RIGHTS [%4]}, MSG_CMSG_CLOEXEC)",
    "wait for %3, forward signals, copy %4 to 1, end it after 500 ms, pass on its exit status",
  ]);
});

test("a value that one of two branches chooses has a name of its own", () => {
  expect(
    describe((list) => {
      const cell = new Memory(4);
      const made = list.call("fsopen", "overlay", 1).accept("EINVAL");
      list.when(made, "succeeded", () => list.store(list.call("fsmount", made, 1, 0), cell, 0));
      list.when(made, "failed", () => list.store(list.call("open_tree", -100, "/a", 1), cell, 0));
      list.call("fchdir", list.load(cell, 0));
    }),
  ).toEqual([
    '%1 = fsopen("overlay", FSOPEN_CLOEXEC) or EINVAL',
    "if %1 succeeded:",
    "%2 = fsmount(%1, FSMOUNT_CLOEXEC, 0)",
    "%3 = %2",
    "if %1 failed:",
    '%4 = open_tree(AT_FDCWD, "/a", OPEN_TREE_CLONE)',
    "%3 = %4",
    "fchdir(%3)",
  ]);
});

test("checks say what is checked, and a search for a program where it ends", () => {
  expect(
    describe((list) => {
      const info = new Memory(256);
      list.add(new Check(info, 28, "u32", 0o020000, "ENODEV", 0o170000, "/dev/null"));
      list.add(new Check(info, 128, "u32", 1, "ENODEV", 0xffffffff, "/dev/null"));
      list.add(new Exec(["/usr/bin/sh", "/sbin/sh", "/bin/sh"], ["sh", "-c", "x y"], ["A=b"]));
    }),
  ).toEqual([
    "check /dev/null: its type is S_IFCHR",
    "check /dev/null: its major number is 1",
    'execve("/usr/bin/sh" … "/bin/sh" (the first of 3), ["sh", "-c", "x y"], {1 variable})',
  ]);
});
