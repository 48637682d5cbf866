import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { List } from "../plan/index.ts";
import { labelExec } from "./labels.ts";

describe("labels of the security modules", () => {
  const list = new List("container");
  const procfs = list.step("procfs", "").call("fsopen", "proc", 0);

  test.skipIf(existsSync("/sys/module/apparmor"))(
    "an AppArmor profile is refused where there is no AppArmor (skipped with it)",
    () => {
      expect(() => labelExec(list, procfs, { apparmorProfile: "strict" })).toThrow(
        "process.apparmorProfile: strict: AppArmor is not enabled on this machine",
      );
    },
  );

  test.skipIf(existsSync("/sys/fs/selinux"))(
    "an SELinux label is refused where there is no SELinux (skipped with it)",
    () => {
      expect(() => labelExec(list, procfs, { selinuxLabel: "a:b:c:s0" })).toThrow("SELinux is not enabled");
    },
  );

  test("nothing is done where no label is asked for", () => {
    const before = list.steps.length;
    labelExec(list, procfs, {});
    labelExec(list, procfs, { apparmorProfile: "" });
    expect(list.steps.length).toBe(before);
  });
});
