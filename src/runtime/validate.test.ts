import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { HuskError } from "../platform/error.ts";
import type { Spec } from "./config.ts";
import { parseConfig, validateConfig } from "./validate.ts";

/** A config that uses every part that can be wrong. */
function config(): Spec {
  return {
    ociVersion: "1.2.0",
    root: { path: "rootfs", readonly: true },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/data", type: "bind", source: "/srv", options: ["rbind", "ro"] },
    ],
    process: {
      terminal: false,
      consoleSize: { height: 24, width: 80 },
      user: { uid: 0, gid: 0, umask: 18, additionalGids: [5] },
      args: ["sh", "-c", "id"],
      env: ["PATH=/bin", "EMPTY="],
      cwd: "/",
      capabilities: { bounding: ["CAP_KILL"], effective: ["CAP_KILL"], permitted: ["CAP_KILL"] },
      rlimits: [{ type: "RLIMIT_NOFILE", soft: 1024, hard: 18446744073709552000 }],
      noNewPrivileges: true,
      oomScoreAdj: 100,
    },
    hostname: "box",
    domainname: "example",
    annotations: { "com.example/key": "value" },
    linux: {
      uidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
      gidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
      devices: [{ type: "c", path: "/dev/fuse", major: 10, minor: 229, fileMode: 438, uid: 0, gid: 0 }],
      cgroupsPath: "/husk/x",
      resources: {
        devices: [{ allow: false, access: "rwm" }],
        memory: { limit: 67108864, swap: -1, swappiness: 10 },
        cpu: { shares: 1024, quota: -1, period: 100000, cpus: "0-1" },
        pids: { limit: 100 },
        blockIO: { weight: 100, throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 600 }] },
        unified: { "memory.high": "1000000" },
      },
      rootfsPropagation: "rslave",
      seccomp: {
        defaultAction: "SCMP_ACT_ERRNO",
        architectures: ["SCMP_ARCH_X86_64"],
        syscalls: [
          {
            names: ["read", "personality"],
            action: "SCMP_ACT_ALLOW",
            args: [{ index: 0, value: 8, op: "SCMP_CMP_EQ" }],
          },
        ],
      },
      sysctl: { "net.ipv4.ip_forward": "1", "kernel.msgmax": "65536" },
      maskedPaths: ["/proc/kcore"],
      readonlyPaths: ["/proc/sys"],
      namespaces: ["pid", "network", "ipc", "uts", "mount", "user", "cgroup"].map((type) => ({
        type,
      })) as NonNullable<Spec["linux"]["namespaces"]>,
      personality: { domain: "LINUX32" },
    },
  };
}

/** The error's message after putting `value` at `path`; undefined removes. */
function refusal(path: string, value: unknown): string {
  const spec = config();
  put(spec, path, value);
  try {
    validateConfig(spec, "config.json");
  } catch (error) {
    if (!(error instanceof HuskError)) throw error;
    return `${error.code} ${error.message}`;
  }
  return "accepted";
}

function put(into: unknown, path: string, value: unknown): void {
  const keys = path.split("/");
  const last = keys.pop() as string;
  let at = into as Record<string, unknown>;
  for (const key of keys) at = at[key] as Record<string, unknown>;
  if (value === undefined) delete at[last];
  else at[last] = value;
}

test("a whole config is accepted as it is", () => {
  expect(validateConfig(config(), "config.json")).toEqual(config());
});

test.each<[string, unknown, string]>([
  ["linux/resources/memory/limit", "4m", 'linux.resources.memory.limit: expected an integer, got "4m"'],
  ["linux/resources/memory/limit", 1.5, "linux.resources.memory.limit: expected an integer, got 1.5"],
  [
    "linux/resources/memory/swappiness",
    101,
    "linux.resources.memory.swappiness: expected an integer from 0 to 100, got 101",
  ],
  ["linux/resources/pids/limit", -2, "linux.resources.pids.limit: expected an integer not below -1, got -2"],
  [
    "linux/resources/devices/0/access",
    "rwx",
    'linux.resources.devices[0].access: expected letters of "rwm", got "rwx"',
  ],
  [
    "linux/resources/unified",
    { "../x.y": "1" },
    'linux.resources.unified["../x.y"]: is no name of a cgroup v2 file',
  ],
  ["ociVersion", "2.0.0", 'ociVersion: expected a version 1.x, got "2.0.0"'],
  ["ociVersion", undefined, "ociVersion: is missing"],
  ["root", undefined, "root: is missing"],
  ["root/path", "", "root.path: is empty"],
  ["process", undefined, "process: is missing"],
  ["process/args", [], "process.args: is empty: it names the program to run"],
  ["process/args", ["sh", 3], "process.args[1]: expected a string, got 3"],
  ["process/args", ["a\0b"], "process.args[0]: contains a NUL character"],
  ["process/env", ["PATH"], 'process.env[0]: expected NAME=value, got "PATH"'],
  ["process/env", ["=x"], 'process.env[0]: expected NAME=value, got "=x"'],
  ["process/cwd", "tmp", 'process.cwd: expected an absolute path, got "tmp"'],
  ["process/user/uid", -1, "process.user.uid: expected an integer from 0 to 4294967294, got -1"],
  [
    "process/user/uid",
    4294967295,
    "process.user.uid: expected an integer from 0 to 4294967294, got 4294967295",
  ],
  ["process/user/uid", 65536, "process.user.uid: 65536 is not in linux.uidMappings"],
  [
    "process/user/additionalGids",
    [1, 70000],
    "process.user.additionalGids[1]: 70000 is not in linux.gidMappings",
  ],
  [
    "process/capabilities/bounding",
    ["CAP_MAGIC"],
    "process.capabilities.bounding[0]: expected the name of a capability",
  ],
  ["process/rlimits/0/type", "RLIMIT_X", "process.rlimits[0].type: expected the name of a limit"],
  ["process/rlimits/0/type", "toString", "process.rlimits[0].type: expected the name of a limit"],
  ["process/rlimits/0/hard", 1, "process.rlimits[0].soft: 1024 is above the hard limit 1"],
  [
    "process/rlimits/1",
    { type: "RLIMIT_NOFILE", soft: 1, hard: 1 },
    "process.rlimits[1].type: RLIMIT_NOFILE is given twice",
  ],
  ["process/oomScoreAdj", 1001, "process.oomScoreAdj: expected an integer from -1000 to 1000, got 1001"],
  ["mounts/0/destination", undefined, "mounts[0].destination: is missing"],
  ["mounts/1/options", "ro", 'mounts[1].options: expected a list, got "ro"'],
  ["mounts/1", 7, "mounts[1]: expected an object, got 7"],
  ["linux/namespaces/1", { type: "pid" }, "linux.namespaces[1].type: the pid namespace is given twice"],
  ["linux/namespaces/1/type", "net", "linux.namespaces[1].type: expected one of pid, network,"],
  ["linux/namespaces/1/path", "proc/1", 'linux.namespaces[1].path: expected an absolute path, got "proc/1"'],
  ["linux/namespaces", [], 'linux.uidMappings: needs {"type": "user"} in linux.namespaces'],
  ["linux/uidMappings", [], "linux.uidMappings: a new user namespace needs it"],
  [
    "linux/uidMappings/0/size",
    0,
    "linux.uidMappings[0].size: expected an integer from 1 to 4294967295, got 0",
  ],
  [
    "linux/uidMappings/1",
    { containerID: 10, hostID: 1, size: 1 },
    "linux.uidMappings[1]: overlaps linux.uidMappings[0] in containerID",
  ],
  [
    "linux/gidMappings/1",
    { containerID: 70000, hostID: 99999, size: 2 },
    "linux.gidMappings[1]: overlaps linux.gidMappings[0] in hostID",
  ],
  ["linux/sysctl", { "vm.swappiness": "1" }, 'sysctl "vm.swappiness" is the whole machine'],
  ["linux/sysctl", { "net/../kernel/core_pattern": "x" }, "is no sysctl's name"],
  ["linux/sysctl", { "net.//.kernel.core_pattern": "x" }, "is no sysctl's name"],
  [
    "linux/sysctl",
    { "net.ipv4.ip_forward": 1 },
    'linux.sysctl["net.ipv4.ip_forward"]: expected a string, got 1',
  ],
  ["linux/sysctl", { "kernel.hostname": "x" }, "is set by hostname"],
  ["linux/maskedPaths", ["proc"], 'linux.maskedPaths[0]: expected an absolute path, got "proc"'],
  ["linux/personality/domain", "PER_LINUX32", "linux.personality.domain: expected one of LINUX, LINUX32,"],
  ["linux/rootfsPropagation", "slaves", "linux.rootfsPropagation: expected one of"],
  ["linux/devices/0/minor", undefined, "linux.devices[0].minor: is missing"],
  ["linux/seccomp/defaultAction", "ALLOW", "linux.seccomp.defaultAction: expected one of SCMP_ACT_ALLOW,"],
  [
    "linux/seccomp/syscalls/0/args/0/index",
    6,
    "linux.seccomp.syscalls[0].args[0].index: expected an integer from 0 to 5, got 6",
  ],
  ["hostname", "x".repeat(65), "hostname: is longer than 64 bytes"],
  ["annotations", { key: 1 }, "annotations.key: expected a string, got 1"],
])("%s = %j is refused", (path, value, message) => {
  const got = refusal(path, value);
  expect(got).toStartWith("invalid config.json: ");
  expect(got).toContain(message);
});

test("network devices have names, each once, and a namespace to go to", () => {
  expect(refusal("linux/netDevices", { eth0: {}, eth1: { name: "lan" } })).toBe("accepted");
  expect(refusal("linux/netDevices", { eth0: null })).toBe("accepted");
  expect(refusal("linux/netDevices", { "a/b": {} })).toContain('linux.netDevices["a/b"]: is no name');
  expect(refusal("linux/netDevices", { eth0: { name: "with space" } })).toContain(
    '["eth0"].name: expected the name',
  );
  expect(refusal("linux/netDevices", { a: {}, b: { name: "a" } })).toContain("a is to be called a already");
});

test("a class of service is a folder, and its schemas are what they are called", () => {
  expect(refusal("linux/intelRdt", { closID: "gold", schemata: ["MB:0=10"] })).toBe("accepted");
  expect(refusal("linux/intelRdt", { closID: "../gold" })).toContain(
    "linux.intelRdt.closID: expected the name",
  );
  expect(refusal("linux/intelRdt", { l3CacheSchema: "MB:0=1" })).toContain("lines that begin with L3");
});

test("personality flags have names, and a mount's id maps come in pairs", () => {
  expect(refusal("linux/personality/flags", ["ADDR_NO_RANDOMIZE"])).toBe("accepted");
  expect(refusal("linux/personality/flags", ["NO_SUCH"])).toContain(
    "linux.personality.flags[0]: expected one of",
  );
  const map = [{ containerID: 0, hostID: 1, size: 1 }];
  expect(refusal("mounts/0/uidMappings", map)).toContain(
    "mounts[0].gidMappings: is missing beside uidMappings",
  );
  const wrong = [{ containerID: 0, hostID: 1, size: 0 }];
  expect(refusal("mounts/0/uidMappings", wrong)).toContain(
    "mounts[0].uidMappings[0].size: expected an integer",
  );
});

test("the shape of seccomp's listener is checked", () => {
  expect(refusal("linux/seccomp/listenerPath", 7)).toContain("linux.seccomp.listenerPath: expected a string");
});

test.each<[string, string]>([
  ["hostname", "hostname"],
  ["mounts", "mounts"],
  ["linux/maskedPaths", "linux.maskedPaths"],
])("%s needs a namespace of its own", (_, path) => {
  const spec = config();
  spec.linux = path.startsWith("linux") ? { maskedPaths: ["/x"] } : {};
  spec.root = { path: "/" };
  if (path !== "hostname") spec.hostname = spec.domainname = undefined as unknown as string;
  if (path !== "mounts") delete spec.mounts;
  expect(() => validateConfig(spec, "config.json")).toThrow(`config.json: ${path}: needs {"type": `);
});

test("a host's own namespace joined by path is no place for sysctls", () => {
  const spec = config();
  const network = spec.linux.namespaces?.find(({ type }) => type === "network") as { path?: string };
  network.path = "/proc/self/ns/net";
  expect(() => validateConfig(spec, "config.json")).toThrow("needs an own network namespace");
});

test("a relative mount destination is made absolute, with a warning", () => {
  const spec = config();
  put(spec, "mounts/0/destination", "proc");
  const warnings: string[] = [];
  expect(validateConfig(spec, "config.json", (text) => warnings.push(text)).mounts?.[0]?.destination).toBe(
    "/proc",
  );
  expect(warnings).toEqual(["mounts[0].destination: proc is relative; taken as /proc"]);
});

test("null counts as absent, and unknown fields are ignored", () => {
  const spec = config() as unknown as Record<string, unknown>;
  spec.hooks = null;
  spec.annotations = null;
  spec.future = { anything: 1 };
  expect(validateConfig(spec, "config.json").annotations).toBeUndefined();
});

test.each([
  ['{"a": 1,\n "b": }', 'config.json:2:7: no JSON: expected a value, got "}"'],
  ['{"a": 1\n "b": 2}', 'config.json:2:2: no JSON: expected "," or "}", got "\\""'],
  ["[1, 2,]", 'config.json:1:7: no JSON: expected a value, got "]"'],
  ['{"a": "x\ny"}', "config.json:1:9: no JSON: a line end or control character inside a string"],
  ['{"a": 01}', "config.json:1:7: no JSON"],
  ["", "config.json:1:1: no JSON: expected a value, got the end of the file"],
  ["{} {}", 'config.json:1:4: no JSON: expected the end, got "{"'],
  ["{'a': 1}", "config.json:1:2: no JSON: expected a field name in double quotes"],
])("broken JSON %j names line and column", (text, message) => {
  expect(() => parseConfig(text, "config.json")).toThrow(message);
});

test("whatever JSON.parse refuses is given a place", () => {
  const valid = JSON.stringify(config(), undefined, 1);
  fc.assert(
    fc.property(fc.nat(valid.length), fc.nat(5), fc.string({ maxLength: 3 }), (at, remove, insert) => {
      const text = valid.slice(0, at) + insert + valid.slice(at + remove);
      try {
        parseConfig(text, "config.json");
      } catch (error) {
        expect(error).toBeInstanceOf(HuskError);
      }
    }),
    { numRuns: 500 },
  );
});

test("whatever is put in whatever place: accepted, or one HuskError with a path", () => {
  const paths: string[] = [];
  const collect = (value: unknown, path: string): void => {
    if (path !== "") paths.push(path);
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value))
      collect((value as Record<string, unknown>)[key], path === "" ? key : `${path}/${key}`);
  };
  collect(config(), "");
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(
      undefined,
      null,
      -1,
      2 ** 64,
      "",
      "/",
      "\0",
      [],
      {},
      [null],
      [[]],
      { path: 1 },
      "__proto__",
    ),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...paths), value), { minLength: 1, maxLength: 3 }),
      (changes) => {
        const spec = config();
        for (const [path, change] of changes) {
          try {
            put(spec, path, structuredClone(change));
          } catch {
            // An earlier change removed the place.
          }
        }
        try {
          validateConfig(JSON.parse(JSON.stringify(spec)), "config.json");
        } catch (error) {
          expect(error).toBeInstanceOf(HuskError);
          expect((error as HuskError).message).toMatch(/^config\.json: [a-zA-Z(][\w[\]."/()-]*.*: ./s);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
