import { expect, test } from "bun:test";
import { List } from "../plan/index.ts";
import { addDevices, deviceNumber, needsDevices } from "./devices.ts";
import { rootView } from "./in-root.ts";
import type { LinuxDevice } from "./types.ts";

function titlesOf(devices: LinuxDevice[]): string[] {
  const list = new List("container");
  list.step("root", "");
  addDevices(rootView(list, list.call("openat", -100, "/rootfs", 0)), devices);
  return (list.steps.at(-1)?.operations ?? []).flatMap((operation) =>
    operation.kind === "call" && operation.name === "mknodat"
      ? [`${operation.object} ${operation.args[2]}`]
      : [],
  );
}

test("device numbers are encoded as the kernel does", () => {
  expect(deviceNumber(1, 3)).toBe(0x103);
  expect(deviceNumber(10, 200)).toBe(0xac8);
  expect(deviceNumber(259, 1048575)).toBe(0xfff103ff);
});

test("a given device replaces the default one of its path", () => {
  const found = titlesOf([{ type: "c", path: "/dev/./null", major: 1, minor: 3, fileMode: 0o600 }]);
  expect(found.filter((line) => line.startsWith("/dev/null"))).toEqual([`/dev/null ${0o020600}`]);
  expect(found).toHaveLength(6);
});

test("broken devices are refused", () => {
  expect(() => titlesOf([{ type: "x", path: "/dev/a" }])).toThrow('device /dev/a: unknown type "x"');
  expect(() => titlesOf([{ type: "c", path: "/dev/a" }])).toThrow("no major and minor");
  expect(() => titlesOf([{ type: "b", path: "/dev/a", major: 4096, minor: 0 }])).toThrow("no device number");
});

test("a bound /dev is left as it is", () => {
  expect(needsDevices([{ destination: "/dev", type: "tmpfs" }])).toBe(true);
  expect(needsDevices([{ destination: "/dev/", source: "/dev", options: ["rbind"] }])).toBe(false);
});
