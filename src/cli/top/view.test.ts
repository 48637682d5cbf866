import { expect, test } from "bun:test";
import { FIRST_VIEW, linesOf, screen } from "./view.ts";

const evil = "\u001b]0;title\u0007\u001b[31mred\nline";
const process = {
  pid: 10,
  insidePid: 1,
  parent: 1,
  uid: 0,
  state: "S",
  seconds: 0,
  memoryBytes: 0,
  threads: 1,
  startTime: "1",
  command: evil,
  container: "web",
  user: "root",
  cpuPercent: 0,
};
const machine = { cpuPercent: 0, memoryUsed: 0, memoryTotal: 0 };

test("a program's words do nothing to the terminal, in its line and at the foot", () => {
  const size = { columns: 120, rows: 10 };
  const text = screen(linesOf([process], FIRST_VIEW), FIRST_VIEW, machine, size, `signal for 10 (${evil})`);
  // What husk itself says to the terminal: inverse, bold, plain.
  // eslint-disable-next-line no-control-regex
  expect(text.replaceAll(/\u001b\[[017]m/g, "")).not.toMatch(/[^\P{Cc}\n]/u);
  expect(text.split("\n").length).toBe(10);
  expect(text.match(/\?\]0;title\?\?\[31mred\?line/g)).toHaveLength(2);
});
