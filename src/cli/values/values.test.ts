import { describe, expect, test } from "bun:test";
import { parseCpus, parseCpuset } from "./cpus.ts";
import { csvFields } from "./csv.ts";
import { parseByteRate, parseDevice, parseOperationRate } from "./device.ts";
import { parseDuration } from "./duration.ts";
import { parseEnv, parseEnvFile } from "./env.ts";
import { parseIdMap } from "./id-map.ts";
import { addSecurityOption } from "./security-opt.ts";
import { parseSignal } from "./signal.ts";
import { parseSize } from "./size.ts";
import { parseSysctl } from "./sysctl.ts";
import { table } from "./values-table.ts";
import { parseUlimit } from "./ulimit.ts";
import { parseGroup, parseUser } from "./user.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

table(
  "sizes",
  (value) => parseSize("flag", value),
  [
    ["0", 0],
    ["1024", 1024],
    ["80m", 80 * MiB],
    ["80M", 80 * MiB],
    ["80mb", 80 * MiB],
    ["80MiB", 80 * MiB],
    ["1.5g", 1536 * MiB],
    ["64 k", 64 * KiB],
    ["1b", 1],
    ["0.5k", 512],
    ["1t", 1024 ** 4],
    ["2p", 2 * 1024 ** 5],
  ],
  ["", "m", "-1", "1.2.3m", "12x", "1mm", "0x10", "1e3", "9999p", ".", "1  m"],
);

table(
  "durations in milliseconds",
  (value) => parseDuration("flag", value),
  [
    ["0", 0],
    ["10", 10_000],
    ["10s", 10_000],
    ["1m30s", 90_000],
    ["1.5s", 1500],
    ["250ms", 250],
    ["1h", 3_600_000],
    ["1ns", 1],
    ["1us", 1],
  ],
  ["", "s", "-1", "-1s", "10x", "1m 30s", "1.5", "1d", "10s!"],
);

table(
  "cpus",
  (value) => parseCpus("flag", value, () => 4),
  [
    ["1", 1],
    ["1.5", 1.5],
    [".5", 0.5],
    ["0.01", 0.01],
    ["5%", 0.2],
    ["100%", 4],
    ["0", 0],
  ],
  ["", "-1", "one", "1,5", "1.5.5", "%", "1e2", "Infinity", "9999999"],
);

table(
  "cpusets",
  (value) => parseCpuset("flag", value),
  [
    ["0", "0"],
    ["0-3", "0-3"],
    ["0,2-3,7", "0,2-3,7"],
  ],
  ["", "a", "0-", "-1", "3-1", "0,,1", "0 1"],
);

table(
  "ulimits",
  (value) => parseUlimit("flag", value),
  [
    ["nofile=1024:2048", { name: "nofile", soft: 1024, hard: 2048 }],
    ["core=0", { name: "core", soft: 0, hard: 0 }],
    ["core=-1", { name: "core", soft: -1, hard: -1 }],
    ["stack=8192:unlimited", { name: "stack", soft: 8192, hard: -1 }],
  ],
  [
    "nofile",
    "nofile=",
    "files=1",
    "nofile=2:1",
    "nofile=-1:5",
    "nofile=1:2:3",
    "nofile=-2",
    "nofile=x",
    "=1",
  ],
);

table(
  "users",
  (value) => parseUser("flag", value),
  [
    ["0", { user: 0 }],
    ["1000:1000", { user: 1000, group: 1000 }],
    ["nobody", { user: "nobody" }],
    ["nobody:nogroup", { user: "nobody", group: "nogroup" }],
    ["2147483647", { user: 2_147_483_647 }],
  ],
  ["", ":", "1:", ":1", "-1", "2147483648", "4294967296", "1:2:3", "a b", "+1", "1:-1", "1:4294967295"],
);

table(
  "groups",
  (value) => parseGroup("flag", value),
  [
    ["audio", "audio"],
    ["29", 29],
  ],
  ["", "-1", "4294967295", "a:b"],
);

table(
  "id maps",
  (value) => parseIdMap("flag", value),
  [
    ["0:100000:65536", { containerID: 0, hostID: 100_000, size: 65_536 }],
    ["0:1000", { containerID: 0, hostID: 1000, size: 1 }],
  ],
  ["", "0", "0:1:0", "0:1:-1", "0:1:2:3", "a:b:c", "4294967295:0:1", "0:0:4294967296", ":0:1"],
);

table(
  "signals",
  (value) => parseSignal("flag", value),
  [
    ["TERM", 15],
    ["SIGTERM", 15],
    ["sigterm", 15],
    ["9", 9],
    ["WINCH", 28],
    ["SYS", 31],
    ["RTMIN", 34],
    ["SIGRTMIN+3", 37],
    ["RTMAX-1", 63],
  ],
  ["", "0", "65", "TERMINATE", "SIG", "RTMIN-1", "RTMAX+1", "-9"],
);

table(
  "devices",
  (value) => parseDevice("flag", value),
  [
    ["/dev/fuse", { source: "/dev/fuse", target: "/dev/fuse", permissions: "rwm" }],
    ["/dev/fuse:r", { source: "/dev/fuse", target: "/dev/fuse", permissions: "r" }],
    ["/dev/sda:/dev/x", { source: "/dev/sda", target: "/dev/x", permissions: "rwm" }],
    ["/dev/sda:/dev/x:mr", { source: "/dev/sda", target: "/dev/x", permissions: "mr" }],
  ],
  [
    "",
    "fuse",
    "/dev/fuse:",
    "/dev/fuse:x",
    "/dev/fuse:rr",
    "/dev/a:b:r",
    "/a:/b:/c",
    "/a:/b:r:w",
    "nvidia.com/gpu=all",
  ],
);

table(
  "device rates",
  (value) => parseByteRate("flag", value),
  [["/dev/sda:1mb", { path: "/dev/sda", rate: MiB }]],
  ["", "/dev/sda", "sda:1mb", "/dev/sda:", "/dev/sda:fast"],
);

table(
  "device operations",
  (value) => parseOperationRate("flag", value),
  [["/dev/sda:1000", { path: "/dev/sda", rate: 1000 }]],
  ["", "/dev/sda:1mb", "/dev/sda:-1"],
);

table(
  "sysctls",
  (value) => parseSysctl("flag", value),
  [
    ["net.ipv4.ip_forward=1", ["net.ipv4.ip_forward", "1"]],
    ["kernel.sem=1 2 3 4", ["kernel.sem", "1 2 3 4"]],
  ],
  ["", "=1", "net.ipv4.ip_forward", "/proc/x=1"],
);

table(
  "security options",
  (value) => addSecurityOption("flag", value, { mask: ["/a"] }),
  [
    ["no-new-privileges", { mask: ["/a"], noNewPrivileges: true }],
    ["no-new-privileges:true", { mask: ["/a"], noNewPrivileges: true }],
    ["no-new-privileges=false", { mask: ["/a"], noNewPrivileges: false }],
    ["seccomp=unconfined", { mask: ["/a"], seccomp: "unconfined" }],
    ["seccomp:unconfined", { mask: ["/a"], seccomp: "unconfined" }],
    ["seccomp=p.json", { mask: ["/a"], seccomp: { file: `${process.cwd()}/p.json` } }],
    ["apparmor=unconfined", { mask: ["/a"], apparmor: "unconfined" }],
    ["label=disable", { mask: ["/a"], label: ["disable"] }],
    ["label=type:container_t", { mask: ["/a"], label: ["type:container_t"] }],
    ["systempaths=unconfined", { mask: ["/a"], unmask: ["ALL"] }],
    ["mask=/b:/c", { mask: ["/a", "/b", "/c"] }],
    ["unmask=all", { mask: ["/a"], unmask: ["ALL"] }],
    ["unmask=/proc/kcore", { mask: ["/a"], unmask: ["/proc/kcore"] }],
  ],
  [
    "",
    "seccomp",
    "seccomp=",
    "no-new-privileges=maybe",
    "mask=b",
    "mask",
    "colour=red",
    "systempaths=x",
    "label=x",
  ],
);

describe("environment", () => {
  const caller = { HOME: "/root", EMPTY: "" };

  test("a name alone takes the caller's value, and nothing where there is none", () => {
    expect(parseEnv("env", "HOME", caller)).toBe("HOME=/root");
    expect(parseEnv("env", "EMPTY", caller)).toBe("EMPTY=");
    expect(parseEnv("env", "NONE", caller)).toBeUndefined();
    expect(parseEnv("env", "A=b=c", caller)).toBe("A=b=c");
    expect(() => parseEnv("env", "=x", caller)).toThrow();
    expect(() => parseEnv("env", "", caller)).toThrow();
  });

  test("a file is read as docker does: no quotes, no escapes", () => {
    const text = '\ufeff# comment\n\nA=1\n  B = x y \r\nC="quoted"\nHOME\nNONE\n#D=1\nE=\n';
    const bytes = new TextEncoder().encode(text.replace("B =", "B="));
    expect(parseEnvFile("env-file", "f", bytes, caller)).toEqual([
      "A=1",
      "B= x y ",
      'C="quoted"',
      "HOME=/root",
      "E=",
    ]);
  });

  test.each(["A=1\n=2", "A B=1", "two words"])("a broken line is named by its number: %j", (text) => {
    const bytes = new TextEncoder().encode(text);
    expect(() => parseEnvFile("env-file", "my.env", bytes, caller)).toThrow(/my\.env line [12]:/);
  });

  test("text that is not UTF-8 is refused", () => {
    expect(() => parseEnvFile("env-file", "f", Uint8Array.of(65, 61, 255), caller)).toThrow("not UTF-8");
  });
});

test("comma-separated fields as RFC 4180 has them", () => {
  expect(csvFields('a,"b,c",d')).toEqual(["a", "b,c", "d"]);
  expect(csvFields('"a""b"')).toEqual(['a"b']);
  expect(csvFields('"a",')).toEqual(["a", ""]);
  expect(csvFields('"a')).toBeUndefined();
  expect(csvFields('a"b"')).toBeUndefined();
  expect(csvFields('"a"b')).toBeUndefined();
});
