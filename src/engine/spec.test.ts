import { expect, test } from "bun:test";
import type { Layout } from "../cgroup/index.ts";
import { HuskError } from "../platform/error.ts";
import type { Spec } from "../runtime/config.ts";
import { validateConfig } from "../runtime/validate.ts";
import type { RunOptions } from "./run-options.ts";
import { deviceNumber } from "./spec/device-number.ts";
import { environment } from "./spec/environment.ts";
import type { SpecFacts } from "./spec/facts.ts";
import { thermalPaths } from "./spec/masks.ts";
import { composeSpec } from "./spec.ts";
import { consecutiveMappings, subIdRanges } from "./subids.ts";

const layout: Layout = { hierarchies: [] };
const facts: SpecFacts = {
  id: "0123456789abcdef".repeat(4),
  uid: 0,
  gid: 0,
  privileged: true,
  nested: false,
  environment: { LANG: "C" },
  capabilities: () => ["CAP_CHOWN", "CAP_NET_RAW", "CAP_SYS_ADMIN"],
  hostname: () => "machine",
  accounts: () => ({ passwd: "root:x:0:0::/root:\nweb:x:1000:1000::/home/web:\n", group: "adm:x:4:web\n" }),
};
const source = { kind: "rootfs", path: "/x" } as const;

function compose(options: Partial<RunOptions> = {}, other: Partial<SpecFacts> = {}, bundle?: Spec): Spec {
  const spec = composeSpec({ source, command: ["id"], ...options }, { ...facts, ...other }, layout, bundle);
  // Whatever the engine composes has to be what it would accept from a bundle.
  return validateConfig(structuredClone(spec), "composed");
}

function refusal(options: Partial<RunOptions>, other: Partial<SpecFacts> = {}): string {
  try {
    compose(options, other);
  } catch (error) {
    if (error instanceof HuskError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "accepted";
}

const types = (spec: Spec): string[] => (spec.linux.namespaces ?? []).map(({ type }) => type);
const mountOn = (spec: Spec, place: string) => spec.mounts?.find(({ destination }) => destination === place);

test("the defaults are docker's, without CAP_NET_RAW and with every namespace", () => {
  const spec = compose();
  expect(types(spec)).toEqual(["mount", "pid", "uts", "ipc", "network", "cgroup"]);
  expect(spec.process.capabilities?.effective).toHaveLength(13);
  expect(spec.process.capabilities?.effective).not.toContain("CAP_NET_RAW");
  expect(spec.process.capabilities?.inheritable).toBeUndefined();
  expect(spec.hostname).toBe("0123456789ab");
  expect(spec.process.env).toEqual([
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOSTNAME=0123456789ab",
    "HOME=/root",
  ]);
  expect(spec.mounts?.map(({ destination }) => destination)).toEqual([
    "/proc",
    "/dev",
    "/dev/pts",
    "/sys",
    "/sys/fs/cgroup",
    "/dev/mqueue",
    "/dev/shm",
  ]);
  expect(mountOn(spec, "/dev/shm")?.options).toContain("size=67108864");
  expect(spec.linux.maskedPaths).toContain("/proc/interrupts");
  expect(spec.linux.maskedPaths).toContain("/sys/devices/virtual/powercap");
  expect(spec.linux.readonlyPaths).toContain("/proc/sys");
  expect(spec.linux.seccomp?.defaultAction).toBe("SCMP_ACT_ERRNO");
  expect(spec.linux.resources?.devices).toEqual([{ allow: false, access: "rwm" }]);
});

test.each<[Partial<RunOptions>, string]>([
  [{ pid: "host" }, "pid"],
  [{ uts: "host" }, "uts"],
  [{ ipc: "host" }, "ipc"],
  [{ network: "host" }, "network"],
  [{ cgroupns: "host" }, "cgroup"],
  [{ noIsolate: ["pid"] }, "pid"],
  [{ noIsolate: ["mount"] }, "mount"],
])("%j leaves out one namespace, and no other", (options, type) => {
  const all = ["mount", "pid", "uts", "ipc", "network", "cgroup"];
  expect(types(compose(options))).toEqual(all.filter((name) => name !== type));
});

test("S1: each other layer can be left out alone", () => {
  expect(compose({ noIsolate: ["seccomp"] }).linux.seccomp).toBeUndefined();
  expect(compose({ noIsolate: ["masks"] }).linux.maskedPaths).toBeUndefined();
  expect(compose({ noIsolate: ["limits"] }).linux.resources).toBeUndefined();
  expect(compose({ noIsolate: ["capabilities"] }).process.capabilities?.bounding).toEqual([
    ...facts.capabilities(),
  ]);
  expect(compose({ noIsolate: ["root"] }).mounts?.map(({ destination }) => destination)).toEqual(["/proc"]);
  expect(compose({ noIsolate: ["mount"] }).mounts).toEqual([]);
});

test("a user who is not root gets a bounding set only", () => {
  const { capabilities, user } = compose({ user: { user: "web" } }).process;
  expect(capabilities?.effective).toBeUndefined();
  expect(capabilities?.bounding).toHaveLength(13);
  expect(user).toEqual({ uid: 1000, gid: 1000, additionalGids: [1000, 4] });
});

test("capabilities: added, dropped, all; one that husk lacks is refused when named", () => {
  const bounding = (options: Partial<RunOptions>) => compose(options).process.capabilities?.bounding;
  expect(bounding({ capAdd: ["net_raw"] })).toContain("CAP_NET_RAW");
  expect(bounding({ capDrop: ["ALL"], capAdd: ["CHOWN"] })).toEqual(["CAP_CHOWN"]);
  expect(bounding({ capAdd: ["ALL"] })).toEqual([...facts.capabilities()]);
  expect(bounding({ privileged: true })).toEqual([...facts.capabilities()]);
  expect(refusal({ capAdd: ["SYS_TIME"] })).toStartWith("denied --cap-add SYS_TIME: husk does not have");
  expect(refusal({ capAdd: ["MAGIC"] })).toContain('unknown capability "MAGIC"');
});

test("privileged: nothing masked or read-only, every device", () => {
  const spec = compose({ privileged: true });
  expect(spec.linux.seccomp).toBeUndefined();
  expect(spec.linux.maskedPaths).toBeUndefined();
  expect(mountOn(spec, "/sys")?.options).not.toContain("ro");
  expect(spec.linux.devices?.map(({ path }) => path)).toContain("/dev/null");
  expect(spec.linux.resources?.devices).toEqual([{ allow: true, access: "rwm" }]);
});

test("mounts: a user's replaces a default one and those below, and outer ones come first", () => {
  const tmpfs = (target: string) => ({ type: "tmpfs", target, options: ["size=1"] }) as const;
  const spec = compose({ mounts: [tmpfs("/a/b/c"), tmpfs("/dev"), tmpfs("/a/"), tmpfs("/dev/shm")] });
  expect(spec.mounts?.map(({ destination }) => destination)).toEqual([
    "/proc",
    "/sys",
    "/sys/fs/cgroup",
    "/dev",
    "/a",
    "/dev/shm",
    "/a/b/c",
  ]);
  expect(refusal({ mounts: [tmpfs("/a"), tmpfs("/a//")] })).toBe("invalid mount on /a: given twice");
  expect(refusal({ mounts: [tmpfs("/")] })).toContain("mount on /: a container's root cannot be covered");
  expect(refusal({ mounts: [tmpfs("/a")], noIsolate: ["mount"] })).toContain("mounts need a mount namespace");
});

test("bind mounts: read-only reaches below, unless asked otherwise", () => {
  const bind = { type: "bind", source: "/s", target: "/t", readOnly: true } as const;
  const options = (change: object) => mountOn(compose({ mounts: [{ ...bind, ...change }] }), "/t")?.options;
  expect(options({})).toEqual(["rbind", "rprivate", "rro"]);
  expect(options({ recursive: "disabled" })).toEqual(["bind", "rprivate", "ro"]);
  expect(options({ recursive: "writable", propagation: "rslave" })).toEqual(["rbind", "rslave", "ro"]);
  expect(options({ readOnly: false })).toEqual(["rbind", "rprivate"]);
});

test("an ordinary user gets a user namespace, and cannot do without", () => {
  const ordinary = { privileged: false, uid: 4711, gid: 4711 };
  const spec = compose({}, ordinary);
  expect(types(spec)).toContain("user");
  expect(spec.linux.uidMappings?.[0]).toEqual({ containerID: 0, hostID: 4711, size: 1 });
  expect(spec.linux.sysctl).toBeUndefined();
  expect(refusal({ userns: "host" }, ordinary)).toStartWith("denied without a user namespace");
});

test("ids that a user namespace lacks are refused; groups that merely come with an account are left out", () => {
  const uidMap = [{ containerID: 0, hostID: 100000, size: 1001 }];
  const gidMap = [
    { containerID: 0, hostID: 100000, size: 1 },
    { containerID: 1000, hostID: 101000, size: 1 },
  ];
  expect(compose({ uidMap, gidMap, user: { user: "web" } }).process.user.additionalGids).toEqual([1000]);
  expect(refusal({ uidMap, user: { user: 5000 } })).toContain(
    "user 5000 does not exist in the container's user namespace",
  );
  expect(refusal({ uidMap, groupAdd: [5000] })).toContain("group 5000 does not exist");
});

test("what contradicts itself is refused", () => {
  expect(refusal({ hostname: "x", uts: "host" })).toStartWith("invalid --hostname x: the container shares");
  expect(refusal({ uidMap: [{ containerID: 0, hostID: 1, size: 1 }], userns: "host" })).toStartWith(
    "invalid --uidmap",
  );
  expect(refusal({ memory: 10_000_000, noIsolate: ["limits"] })).toStartWith(
    "invalid limits need control groups",
  );
  expect(refusal({ shmSize: 1, ipc: "none" })).toStartWith("invalid --shm-size");
  expect(refusal({ sysctls: { "kernel.panic": "1" } })).toContain("is the whole machine's");
  expect(refusal({ devices: [{ source: "/etc/passwd", target: "/dev/x", permissions: "r" }] })).toContain(
    "is no device",
  );
});

test("a device brings its node and a rule for it", () => {
  const { linux } = compose({ devices: [{ source: "/dev/zero", target: "/dev/nought", permissions: "r" }] });
  expect(linux.devices).toMatchObject([{ type: "c", path: "/dev/nought", major: 1, minor: 5 }]);
  expect(linux.resources?.devices?.at(-1)).toEqual({
    allow: true,
    type: "c",
    major: 1,
    minor: 5,
    access: "r",
  });
});

test("device numbers have 12 and 20 bits", () => {
  expect(deviceNumber(0x103)).toEqual({ major: 1, minor: 3 });
  expect(deviceNumber(0xfffff0f5 >>> 0)).toEqual({ major: 0xff0, minor: 0xffff5 });
});

test("a bundle keeps what no option is about", () => {
  const bundle = (): Spec => ({
    ociVersion: "1.0.2",
    root: { path: "rootfs", readonly: true },
    process: {
      user: { uid: 7, gid: 7 },
      args: ["sh"],
      env: ["A=1", "B=2"],
      cwd: "/srv",
      capabilities: { bounding: ["CAP_KILL"] },
    },
    hostname: "bundle",
    linux: { namespaces: [{ type: "mount" }, { type: "uts" }, { type: "network" }], maskedPaths: ["/x"] },
  });
  const options = { source: { kind: "bundle", path: "/b" }, command: [] } as const;
  expect(compose(options, {}, bundle())).toEqual(bundle());
  const spec = compose(
    { ...options, command: ["id"], env: ["B=3", "LANG"], network: "host", capAdd: ["CHOWN"], pid: "private" },
    {},
    bundle(),
  );
  expect(spec.process).toMatchObject({
    args: ["id"],
    env: ["A=1", "B=3", "LANG=C"],
    cwd: "/srv",
    user: { uid: 7 },
  });
  expect(types(spec)).toEqual(["mount", "uts", "pid"]);
  expect(spec.process.capabilities?.bounding).toEqual(["CAP_KILL", "CAP_CHOWN"]);
});

test("environment: later wins, a bare name takes the caller's value or goes", () => {
  const rest = { hostname: "h", terminal: true, home: "/root", caller: { LANG: "C" } };
  expect(environment(["A=1", "LANG", "TERM", "A=2", "PATH=/p", "HOME=/h"], rest)).toEqual([
    "PATH=/p",
    "HOSTNAME=h",
    "A=2",
    "LANG=C",
    "HOME=/h",
  ]);
});

test("each possible CPU's temperatures are masked", () => {
  expect(thermalPaths("0-1,4\n")).toEqual(
    [0, 1, 4].map((cpu) => `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`),
  );
});

test("ranges of /etc/subuid by name or uid, mapped one after the other", () => {
  const content = "ann:100000:65536\nbob:165536:65536\n1000:300000:10\nann:bad:1\n";
  expect(subIdRanges(content, "ann", 1000)).toEqual([
    { first: 100000, count: 65536 },
    { first: 300000, count: 10 },
  ]);
  expect(consecutiveMappings(1000, subIdRanges(content, "ann", 1000))).toEqual([
    { containerID: 0, hostID: 1000, size: 1 },
    { containerID: 1, hostID: 100000, size: 65536 },
    { containerID: 65537, hostID: 300000, size: 10 },
  ]);
});
