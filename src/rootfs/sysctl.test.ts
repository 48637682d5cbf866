import { expect, test } from "bun:test";
import { checkSysctls, sysctlPath } from "./sysctl.ts";

const own = { ipc: true, network: true, uts: true };

test("sysctls of the container's namespaces are let through", () => {
  checkSysctls(
    {
      "net.ipv4.ip_forward": "1",
      "kernel.shmmax": "1",
      "fs.mqueue.msg_max": "1",
      "net/ipv4/conf/eth0.1/mtu": "1",
    },
    own,
  );
});

test("those of the machine, or of a shared namespace, are not", () => {
  const refuse = (name: string, namespaces = own) =>
    expect(() => checkSysctls({ [name]: "1" }, namespaces), name);
  refuse("kernel.core_pattern").toThrow('sysctl "kernel.core_pattern" is the whole machine\'s');
  refuse("vm.overcommit_memory").toThrow("is the whole machine's");
  refuse("kernel.hostname").toThrow("is set by hostname");
  refuse("net.ipv4.ip_forward", { ...own, network: false }).toThrow("needs an own network namespace");
  refuse("kernel.shmmax", { ...own, ipc: false }).toThrow("needs an own ipc namespace");
  refuse("net.../kernel.core_pattern").toThrow("is no sysctl's name");
  refuse("net/../kernel/core_pattern").toThrow("is no sysctl's name");
  refuse("net.//.kernel.core_pattern").toThrow("is no sysctl's name");
});

test("both spellings name the same file", () => {
  expect(sysctlPath("net.ipv4.conf.eth0/1.mtu")).toBe("net/ipv4/conf/eth0.1/mtu");
  expect(sysctlPath("net/ipv4/conf/eth0.1/mtu")).toBe("net/ipv4/conf/eth0.1/mtu");
});
