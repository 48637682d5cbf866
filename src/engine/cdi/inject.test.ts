import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Spec } from "../../runtime/config.ts";
import { isCdiName } from "./device-name.ts";
import { injectDevices } from "./inject.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "husk-cdi-"));
  mkdirSync(join(folder, "low"));
  mkdirSync(join(folder, "high"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, content: unknown): void =>
  writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));

const inject = (...names: string[]): Spec => {
  const spec: Spec = {
    ociVersion: "1.3.0",
    root: { path: "/" },
    process: { user: { uid: 0, gid: 0 }, args: ["true"], cwd: "/", env: ["A=1", "B=2"] },
    linux: {},
  };
  injectDevices(spec, names, [join(folder, "low"), join(folder, "high")]);
  return spec;
};

const gpu = {
  cdiVersion: "0.6.0",
  kind: "vendor.com/gpu",
  containerEdits: { env: ["DRIVER=yes"], hooks: [{ hookName: "createContainer", path: "/bin/true" }] },
  devices: [
    {
      name: "0",
      containerEdits: {
        env: ["A=cdi"],
        deviceNodes: [{ path: "/dev/gpu0", hostPath: "/dev/null", permissions: "rw" }],
        mounts: [{ hostPath: "/usr", containerPath: "/opt/driver", options: ["ro"] }],
        additionalGids: [44],
      },
    },
    { name: "1", containerEdits: { deviceNodes: [{ path: "/dev/gpu1", type: "c", major: 195, minor: 1 }] } },
  ],
};

describe("devices of vendors", () => {
  test("the file's edits once, the device's own", () => {
    put("low/gpu.json", gpu);
    const { process, hooks, mounts, linux } = inject("vendor.com/gpu=0", "vendor.com/gpu=1");
    expect(process.env).toEqual(["B=2", "DRIVER=yes", "A=cdi"]);
    expect(hooks?.createContainer).toEqual([{ path: "/bin/true" }]);
    expect(mounts).toEqual([
      { destination: "/opt/driver", source: "/usr", type: "bind", options: ["rbind", "ro"] },
    ]);
    expect(process.user.additionalGids).toEqual([44]);
    expect(linux.devices?.map(({ path, major, minor }) => [path, major, minor])).toEqual([
      ["/dev/gpu0", 1, 3],
      ["/dev/gpu1", 195, 1],
    ]);
    expect(linux.resources?.devices).toEqual([
      { allow: true, type: "c", major: 1, minor: 3, access: "rw" },
      { allow: true, type: "c", major: 195, minor: 1, access: "rwm" },
    ]);
  });

  test("a later folder goes before an earlier one", () => {
    put("low/gpu.json", gpu);
    put("high/gpu.json", {
      ...gpu,
      containerEdits: {},
      devices: [{ name: "0", containerEdits: { env: ["HIGH=1"] } }],
    });
    expect(inject("vendor.com/gpu=0").process.env).toEqual(["A=1", "B=2", "HIGH=1"]);
  });

  test("two files of one folder that define one device are a conflict", () => {
    put("low/a.json", gpu);
    put("low/b.json", gpu);
    expect(() => inject("vendor.com/gpu=0")).toThrow(/both .*a\.json and .*b\.json/);
  });

  test("an unknown device is an error that names files nobody can read", () => {
    put("low/a.json", gpu);
    expect(() => inject("vendor.com/gpu=7")).toThrow(/unresolvable CDI device vendor.com\/gpu=7/);
    put("low/b.json", "{");
    put("low/c.json", { ...gpu, cdiVersion: "9.0" });
    let hint: string | undefined;
    try {
      inject("vendor.com/gpu=7");
    } catch (error) {
      hint = (error as { hint?: string }).hint;
    }
    expect(hint).toMatch(/b\.json: .*; .*c\.json: cdiVersion 9\.0/);
  });

  test.each([
    [{ name: "0" }, "device 0: containerEdits is no object"],
    [{ name: "0", containerEdits: { deviceNodes: { path: "/dev/null" } } }, "no absolute path"],
    [
      { name: "0", containerEdits: { deviceNodes: [{ path: "/dev/x", fileMode: "0660" }] } },
      "fileMode is no number",
    ],
    [{ name: "0", containerEdits: { deviceNodes: [{ path: "/dev/x", permissions: "all" }] } }, "some of rwm"],
    [{ name: "0", containerEdits: { additionalGids: 44 } }, "additionalGids are no list of ids"],
    [
      { name: "0", containerEdits: { mounts: [{ hostPath: "usr", containerPath: "/x" }] } },
      "no absolute hostPath",
    ],
    [
      { name: "0", containerEdits: { mounts: [{ hostPath: "/usr", containerPath: "/x", options: "ro" }] } },
      "no list of texts",
    ],
    [
      { name: "0", containerEdits: { hooks: [{ hookName: "prestart", path: "/x", args: [1] }] } },
      "no list of texts",
    ],
    [{ name: "0", containerEdits: { netDevices: [{ name: "eth0" }] } }, "no hostInterfaceName"],
  ])("a file that makes no sense is not read, and said: %j", (device, fault) => {
    put("low/a.json", { ...gpu, devices: [device] });
    let hint: string | undefined;
    try {
      inject("vendor.com/gpu=0");
    } catch (error) {
      hint = (error as { hint?: string }).hint;
    }
    expect(hint).toContain(fault);
  });

  test("a mount of another kind names what mount(2) takes", () => {
    const mounts = [{ hostPath: "tmpfs", containerPath: "/scratch", type: "tmpfs", options: ["size=1m"] }];
    put("low/a.json", { ...gpu, devices: [{ name: "0", containerEdits: { mounts } }] });
    expect(inject("vendor.com/gpu=0").mounts).toEqual([
      { destination: "/scratch", source: "tmpfs", type: "tmpfs", options: ["size=1m"] },
    ]);
  });

  test("YAML: 0660 is octal", () => {
    const node = "{ path: /dev/x, type: c, major: 195, minor: 08, fileMode: 0660 }";
    put(
      "low/x.yaml",
      `cdiVersion: 0.5.0\nkind: vendor.com/x\ndevices:\n- name: all\n  containerEdits:\n    deviceNodes: [${node}]\n`,
    );
    expect(inject("vendor.com/x=all").linux.devices).toEqual([
      { path: "/dev/x", type: "c", major: 195, minor: 8, fileMode: 0o660 },
    ]);
  });

  test("YAML", () => {
    put(
      "low/net.yaml",
      "cdiVersion: 0.5.0\nkind: vendor.com/net\ndevices:\n- name: all\n  containerEdits:\n    env:\n    - NET=1\n",
    );
    expect(inject("vendor.com/net=all").process.env).toContain("NET=1");
  });

  test.each([
    ["vendor.com/gpu=0", true],
    ["nvidia.com/gpu=all", true],
    ["/dev/null", false],
    ["/dev/a=b", false],
    ["gpu=0", false],
    ["vendor.com/gpu=", false],
  ])("%s names one: %p", (text, expected) => {
    expect(isCdiName(text)).toBe(expected);
  });
});
