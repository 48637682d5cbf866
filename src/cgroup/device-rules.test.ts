import { expect, test } from "bun:test";
import { allowsEverything, deviceWrites } from "./device-rules.ts";
import type { LinuxDeviceCgroup } from "./resources.ts";

const lines = (rules: readonly LinuxDeviceCgroup[]) =>
  deviceWrites(rules).map(({ file, value }) => `${file.slice("devices.".length)} ${value}`);

test("everything is denied first, and what every program needs is allowed last", () => {
  const [first, ...rest] = lines([{ allow: false, access: "rwm" }]);
  expect(first).toBe("deny a");
  expect(rest).toContain("allow c 1:3 rwm");
  expect(rest).toContain("allow c *:* m");
  expect(rest.every((line) => line.startsWith("allow "))).toBe(true);
  expect(rest.some((line) => line.startsWith("allow b 8:"))).toBe(false);
});

test("without rules as with the rule that denies everything", () => {
  expect(lines([])).toEqual(lines([{ allow: false, type: "a", access: "rwm" }]));
});

test("rules keep their order", () => {
  const found = lines([
    { allow: true, type: "b", major: 8, minor: 0, access: "rw" },
    { allow: false, type: "b", major: 8, access: "w" },
  ]);
  expect(found.slice(0, 3)).toEqual(["deny a", "allow b 8:0 rw", "deny b 8:* w"]);
});

test("a rule for both types that is not for everything does not become one for everything", () => {
  expect(lines([{ allow: true, type: "a", major: 1, minor: 3, access: "r" }])).not.toContain("allow a");
  expect(lines([{ allow: true, type: "a", major: 1, minor: 3, access: "r" }]).slice(1, 3)).toEqual([
    "allow c 1:3 r",
    "allow b 1:3 r",
  ]);
  expect(lines([{ allow: true, access: "m" }]).slice(1, 3)).toEqual(["allow c *:* m", "allow b *:* m"]);
});

test("a privileged container needs no rule", () => {
  const rules: LinuxDeviceCgroup[] = [
    { allow: false, access: "rwm" },
    { allow: true, access: "rwm" },
  ];
  expect(lines(rules)).toEqual([]);
  expect(allowsEverything(rules)).toBe(true);
  expect(allowsEverything([])).toBe(false);
});

test("everything but one", () => {
  const rules: LinuxDeviceCgroup[] = [
    { allow: true, access: "rwm" },
    { allow: false, type: "c", major: 1, minor: 1, access: "rwm" },
  ];
  expect(lines(rules)).toEqual(["deny c 1:1 rwm"]);
});
