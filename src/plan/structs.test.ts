import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Memory } from "./plan.ts";
import { syscallNumbers } from "./syscalls.ts";
import * as structs from "./structs.ts";

/** Compiles and runs a C program that prints `name value` lines. */
function fromC(source: string): Map<string, number> | undefined {
  const folder = mkdtempSync("/tmp/husk-structs-");
  try {
    writeFileSync(join(folder, "a.c"), source);
    const built = spawnSync("cc", ["-o", join(folder, "a"), join(folder, "a.c")], { encoding: "utf8" });
    if (built.error !== undefined) return undefined;
    if (built.status !== 0) throw new Error(built.stderr);
    const out = spawnSync(join(folder, "a"), { encoding: "utf8" }).stdout;
    return new Map(
      out
        .trim()
        .split("\n")
        .map((line) => [line.split(" ")[0] as string, Number(line.split(" ")[1])]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const headers = `#define _GNU_SOURCE
#include <stdio.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/resource.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <linux/bpf.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/filter.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/time_types.h>
#include <asm/unistd.h>
#define SIZE(name, type) printf(name " %zu\\n", sizeof(type))
#define AT(name, type, field) printf(name " %zu\\n", offsetof(type, field))
`;

test("struct encoders have the layout of the kernel's headers", () => {
  const c = fromC(`${headers}
int main(void) {
  SIZE("open_how", struct open_how); AT("open_how.mode", struct open_how, mode); AT("open_how.resolve", struct open_how, resolve);
  SIZE("mount_attr", struct mount_attr); AT("mount_attr.attr_clr", struct mount_attr, attr_clr);
  AT("mount_attr.propagation", struct mount_attr, propagation); AT("mount_attr.userns_fd", struct mount_attr, userns_fd);
  SIZE("clone_args", struct clone_args); AT("clone_args.exit_signal", struct clone_args, exit_signal);
  AT("clone_args.cgroup", struct clone_args, cgroup);
  SIZE("sock_fprog", struct sock_fprog); AT("sock_fprog.filter", struct sock_fprog, filter); SIZE("sock_filter", struct sock_filter);
  SIZE("pollfd", struct pollfd); AT("pollfd.events", struct pollfd, events);
  SIZE("timespec", struct __kernel_timespec); AT("timespec.tv_nsec", struct __kernel_timespec, tv_nsec);
  SIZE("rlimit64", struct rlimit64); AT("rlimit64.rlim_max", struct rlimit64, rlim_max);
  SIZE("cap_header", struct __user_cap_header_struct); printf("cap_version %u\\n", _LINUX_CAPABILITY_VERSION_3);
  SIZE("msghdr", struct msghdr); AT("msghdr.msg_iov", struct msghdr, msg_iov); AT("msghdr.msg_iovlen", struct msghdr, msg_iovlen);
  AT("msghdr.msg_control", struct msghdr, msg_control); AT("msghdr.msg_controllen", struct msghdr, msg_controllen);
  printf("cmsg_space %zu\\n", CMSG_SPACE(4)); printf("cmsg_len %zu\\n", CMSG_LEN(4)); printf("cmsg_data %zu\\n", CMSG_LEN(0));
  AT("bpf.insns", union bpf_attr, insns); AT("bpf.license", union bpf_attr, license); AT("bpf.prog_name", union bpf_attr, prog_name);
  AT("bpf.insn_cnt", union bpf_attr, insn_cnt); AT("bpf.expected", union bpf_attr, expected_attach_type);
  AT("bpf.attach_fd", union bpf_attr, attach_bpf_fd); AT("bpf.attach_type", union bpf_attr, attach_type);
  AT("bpf.attach_flags", union bpf_attr, attach_flags); AT("bpf.replace", union bpf_attr, replace_bpf_fd);
  AT("bpf.query_type", union bpf_attr, query.attach_type); AT("bpf.query_ids", union bpf_attr, query.prog_ids);
  AT("bpf.query_count", union bpf_attr, query.prog_cnt); SIZE("bpf_insn", struct bpf_insn);
  printf("bpf.type %d\\n", BPF_PROG_TYPE_CGROUP_DEVICE); printf("bpf.attach %d\\n", BPF_CGROUP_DEVICE);
  SIZE("ifreq", struct ifreq); AT("ifreq.ifr_flags", struct ifreq, ifr_flags);
}`);
  if (c === undefined) return; // without a C compiler there are no headers to compare with; test/ counts that skip
  const word = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer).getUint32(at, true);
  const get = (name: string): number => c.get(name) as number;

  const how = structs.openHow(1, 2, 3).bytes;
  expect(how.length).toBe(get("open_how"));
  expect([word(how, 0), word(how, get("open_how.mode")), word(how, get("open_how.resolve"))]).toEqual([
    1, 2, 3,
  ]);
  const attr = structs.mountAttr(1, 2, 3).bytes;
  expect(attr.length).toBe(get("mount_attr"));
  expect([
    word(attr, 0),
    word(attr, get("mount_attr.attr_clr")),
    word(attr, get("mount_attr.propagation")),
  ]).toEqual([1, 2, 3]);
  expect(structs.MOUNT_ATTR_USERNS).toBe(get("mount_attr.userns_fd"));
  const clone = structs.cloneArgs(0x40000000).bytes;
  expect(clone.length).toBe(get("clone_args"));
  expect([word(clone, 0), word(clone, get("clone_args.exit_signal"))]).toEqual([0x40000000, 17]);
  expect(structs.CLONE_ARGS_CGROUP).toBe(get("clone_args.cgroup"));
  const fprog = structs.sockFprog(new Uint8Array(24));
  expect(fprog.bytes.length).toBe(get("sock_fprog"));
  expect([fprog.bytes[0] as number, fprog.pointers?.[0]?.at as number]).toEqual([
    24 / get("sock_filter"),
    get("sock_fprog.filter"),
  ]);
  const poll = structs.pollfd(1).bytes;
  expect([poll.length, poll[get("pollfd.events")] as number]).toEqual([get("pollfd"), 1]);
  const time = structs.timespec(1, 2).bytes;
  expect([time.length, word(time, get("timespec.tv_nsec"))]).toEqual([get("timespec"), 2]);
  const limit = structs.rlimit64(2 ** 33 + 5, -1).bytes;
  expect([limit.length, word(limit, 0), word(limit, 4)]).toEqual([get("rlimit64"), 5, 2]);
  expect(word(limit, get("rlimit64.rlim_max"))).toBe(0xffffffff);
  expect(word(structs.capHeader().bytes, 0)).toBe(get("cap_version"));
  const { header, control } = structs.descriptorMessage();
  expect(header.bytes.length).toBe(get("msghdr"));
  expect(header.pointers?.map((p) => p.at)).toEqual([get("msghdr.msg_iov"), get("msghdr.msg_control")]);
  expect([
    word(header.bytes, get("msghdr.msg_iovlen")),
    word(header.bytes, get("msghdr.msg_controllen")),
  ]).toEqual([1, get("cmsg_space")]);
  expect([control.bytes.length, word(control.bytes, 0), structs.DESCRIPTOR_AT]).toEqual([
    get("cmsg_space"),
    get("cmsg_len"),
    get("cmsg_data"),
  ]);
  const load = structs.bpfLoadDevice(new Uint8Array(24), "n");
  expect(load.pointers?.map(({ at }) => at)).toEqual([get("bpf.insns"), get("bpf.license")]);
  expect([word(load.bytes, 0), word(load.bytes, get("bpf.insn_cnt")) * get("bpf_insn")]).toEqual([
    get("bpf.type"),
    24,
  ]);
  expect(load.bytes[get("bpf.prog_name")] as number).toBe("n".charCodeAt(0));
  expect(word(load.bytes, get("bpf.expected"))).toBe(get("bpf.attach"));
  const attach = structs.bpfAttachDevice(3).bytes;
  expect([word(attach, get("bpf.attach_type")), word(attach, get("bpf.attach_flags"))]).toEqual([
    get("bpf.attach"),
    3,
  ]);
  expect([structs.BPF_ATTACH_PROGRAM, structs.BPF_ATTACH_REPLACES]).toEqual([
    get("bpf.attach_fd"),
    get("bpf.replace"),
  ]);
  const query = structs.bpfQueryDevice(new Memory(256));
  expect(word(query.bytes, get("bpf.query_type"))).toBe(get("bpf.attach"));
  expect(query.pointers?.map(({ at }) => at)).toEqual([get("bpf.query_ids")]);
  expect([structs.BPF_QUERY_COUNT, word(query.bytes, get("bpf.query_count"))]).toEqual([
    get("bpf.query_count"),
    64,
  ]);
  const ifreq = structs.ifreqFlags("lo", 0x41).bytes;
  expect([ifreq.length, ifreq[get("ifreq.ifr_flags")] as number]).toEqual([get("ifreq"), 0x41]);
});

test("system call numbers are those of the kernel's headers", () => {
  const names = Object.keys(syscallNumbers.x86_64);
  if (process.arch !== "x64") return;
  const lines = names.map((name) => `#ifdef __NR_${name}\nprintf("${name} %d\\n", __NR_${name});\n#endif`);
  const c = fromC(`#include <stdio.h>\n#include <asm/unistd.h>\nint main(void) {\n${lines.join("\n")}\n}`);
  if (c === undefined) return;
  expect(c.size).toBeGreaterThan(300);
  for (const [name, number] of c)
    expect([name, (syscallNumbers.x86_64 as Record<string, number>)[name] as number]).toEqual([name, number]);
});
