// What `husk oci` writes to its log and to standard error, beside runc.
import { describe, expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { comparable, huskRuntime, makeBundle, needs, runcRuntime, temporaryFile } from "./harness/index.ts";

const beside = { root: true, command: ["busybox", "runc"] } as const;

describe("the log", () => {
  needs(beside)("has runc's lines in runc's places", async () => {
    const given: string[][] = [
      [],
      ["--log-format", "json"],
      ["--log-format", "text"],
      ["--log-format", "xml"],
      ["--log", "FILE"],
      ["--log", "FILE", "--log-format", "json"],
    ];
    for (const flags of given) {
      const answers = [];
      for (const runtime of [runcRuntime(), huskRuntime()]) {
        const file = temporaryFile("log");
        const words = flags.map((word) => (word === "FILE" ? file : word));
        const result = await runtime.call([...words, "state", "nosuch"]);
        const written = existsSync(file) ? readFileSync(file, "utf8") : "";
        answers.push([flags, ...comparable(result), comparable({ ...result, stderr: written })[2]]);
      }
      expect(answers[1]).toEqual(answers[0]);
    }
  });

  needs({ root: true, command: "busybox" })(
    "tells of system calls it does not know, at the level asked for",
    async () => {
      const husk = huskRuntime();
      const withRule = (names: string[], action: string) =>
        makeBundle(["true"], (config) => {
          config.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names, action }] };
        });
      const harmless = withRule(["newer_call"], "SCMP_ACT_ALLOW");
      const denying = withRule(["newer_call"], "SCMP_ACT_ERRNO");
      const log = async (flags: string[], path: string): Promise<string> =>
        (await husk.call([...flags, "run", "--bundle", path, "one"])).stderr;
      expect(await log([], harmless.path)).toBe("");
      const told = 'level=debug msg="unknown seccomp syscall \\"newer_call\\" ignored"';
      expect(await log(["--debug"], harmless.path)).toContain(told);
      expect(await log(["--log-level", "debug"], harmless.path)).toContain(told);
      const warning = 'level=warning msg="linux.seccomp: unknown system call \\"newer_call\\"';
      expect(await log([], denying.path)).toContain(warning);
      expect(await log(["--log-level", "error"], denying.path)).toBe("");
      expect(await log(["--log-level", "loud"], denying.path)).toContain(
        'not a valid logrus Level: \\"loud\\"',
      );
    },
  );
});
