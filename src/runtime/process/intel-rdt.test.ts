import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { List, type Operation } from "../../plan/index.ts";
import { enterIntelRdt, findResctrl, prepareIntelRdt, resolveIntelRdt } from "./intel-rdt.ts";

// No machine here has the hardware: a folder stands for the file system, and plans are looked at.
const root = mkdtempSync(join(tmpdir(), "husk-resctrl-"));
afterAll(() => rmSync(root, { recursive: true }));
mkdirSync(join(root, "gold/mon_groups"), { recursive: true });
writeFileSync(join(root, "gold/schemata"), "    MB:0=100;1= 70\n    L3:0=00ff;1=c0\n");

function texts(list: List): string[] {
  const words = (operation: Operation): string[] =>
    operation.kind === "call"
      ? [[operation.name, ...operation.args.filter((arg) => typeof arg === "string")].join(" ")]
      : [];
  return list.steps.flatMap(({ operations }) => operations.flatMap(words));
}

describe("linux.intelRdt", () => {
  test("without a class's name, the container gets one of its own, which goes with it", () => {
    const config = {
      l3CacheSchema: "L3:0=7f0",
      memBwSchema: "MB:0=20",
      schemata: ["L2:0=f"],
      enableMonitoring: true,
    };
    const rdt = resolveIntelRdt(config, "one", root);
    expect(rdt).toEqual({
      group: `${root}/one`,
      own: true,
      schemata: "L3:0=7f0\nMB:0=20\nL2:0=f\n",
      monitor: `${root}/one/mon_groups/one`,
    });
    const [keeper, cleanup] = [new List("keeper"), new List("afterwards")];
    prepareIntelRdt(keeper, cleanup, rdt);
    enterIntelRdt(keeper, keeper.call("getpid"), rdt);
    expect(texts(keeper)).toEqual([
      `mkdirat ${root}/one`,
      `openat ${root}/one/schemata`,
      "write L3:0=7f0\nMB:0=20\nL2:0=f\n",
      "close",
      `mkdirat ${root}/one/mon_groups/one`,
      "getpid",
      `openat ${root}/one/tasks`,
      "write",
      "close",
      `openat ${root}/one/mon_groups/one/tasks`,
      "write",
      "close",
    ]);
    expect(texts(cleanup)).toEqual([`unlinkat ${root}/one/mon_groups/one`, `unlinkat ${root}/one`]);
  });

  test("a class that exists is shared, if it is what is asked for", () => {
    const shared = { group: `${root}/gold`, own: false, schemata: "", monitor: undefined };
    expect(resolveIntelRdt({ closID: "gold" }, "one", root)).toEqual(shared);
    const same = { closID: "gold", l3CacheSchema: "L3:0=ff;1=c0", memBwSchema: "MB:0=100;1=70" };
    expect(resolveIntelRdt(same, "one", root)).toEqual(shared);
    expect(() => resolveIntelRdt({ ...same, l3CacheSchema: "L3:0=1" }, "one", root)).toThrow(
      "does not say L3:0=1",
    );
    const cleanup = new List("afterwards");
    prepareIntelRdt(new List("keeper"), cleanup, shared);
    expect(cleanup.steps).toEqual([]);
  });

  test("a class that is missing has to be described, and the file system to be there", () => {
    expect(() => resolveIntelRdt({ closID: "iron" }, "one", root)).toThrow("there is no class iron");
    expect(resolveIntelRdt({ closID: "iron", schemata: ["MB:0=10"] }, "one", root).own).toBe(true);
    expect(() => resolveIntelRdt({}, "one", findResctrl(""))).toThrow();
  });

  test("the file system is found by its type", () => {
    const line = "50 22 0:44 / /sys/fs/resctrl rw,relatime shared:23 - resctrl resctrl rw";
    expect(findResctrl(`22 1 0:21 / /sys rw - sysfs sysfs rw\n${line}\n`)).toBe("/sys/fs/resctrl");
    expect(findResctrl("")).toBe(undefined);
  });
});
