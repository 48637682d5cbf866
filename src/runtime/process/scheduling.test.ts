import { expect, test } from "bun:test";
import { List } from "../../plan/index.ts";
import type { Process } from "../config.ts";
import { bitMask, setScheduling } from "./scheduling.ts";

const process: Process = { user: { uid: 0, gid: 0 }, args: ["true"], cwd: "/" };

function calls(change: Partial<Process>, memoryPolicy?: Parameters<typeof setScheduling>[2]) {
  const list = new List("container");
  setScheduling(list, { ...process, ...change }, memoryPolicy);
  const operations = list.steps.flatMap((step) => step.operations);
  return operations.map((call) => (call.kind === "call" ? [call.name, ...call.args] : [call.kind]));
}

test("a list of numbers as whole words of bits", () => {
  expect(bitMask("0-3,5")).toEqual(new Uint8Array([0x2f, 0, 0, 0, 0, 0, 0, 0]));
  expect(bitMask("64")).toEqual(new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]));
  expect(bitMask("")).toBeUndefined();
});

test("nothing asked for, nothing done", () => {
  expect(calls({})).toEqual([]);
});

test("struct sched_attr (sched_setattr(2))", () => {
  const [[name, pid, attr, flags] = []] = calls({
    scheduler: {
      policy: "SCHED_DEADLINE",
      flags: ["SCHED_FLAG_RECLAIM"],
      runtime: 10,
      deadline: 20,
      period: 2 ** 33,
    },
  });
  expect([name, pid, flags]).toEqual(["sched_setattr", 0, 0]);
  const words = [...new Uint32Array((attr as Uint8Array).buffer)];
  expect(words).toEqual([48, 6, 2, 0, 0, 0, 10, 0, 20, 0, 0, 2]);
});

test("class and level of I/O in one number (ioprio_set(2))", () => {
  expect(calls({ ioPriority: { class: "IOPRIO_CLASS_IDLE", priority: 7 } })).toEqual([
    ["ioprio_set", 1, 0, (3 << 13) | 7],
  ]);
});

test("mode, flags and nodes of a memory policy (set_mempolicy(2))", () => {
  const policy = { mode: "MPOL_BIND", nodes: "0,2", flags: ["MPOL_F_STATIC_NODES"] };
  expect(calls({}, policy)).toEqual([["set_mempolicy", 2 | (1 << 15), bitMask("0,2")!, 65]]);
  expect(calls({}, { mode: "MPOL_LOCAL", nodes: "" })).toEqual([["set_mempolicy", 4, null, 0]]);
});
