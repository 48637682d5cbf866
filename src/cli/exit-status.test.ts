import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMANDS } from "./command-names.ts";
import { failureStatus } from "./exit-status.ts";
import { errorLine } from "./report-error.ts";
import { HuskError } from "../platform/error.ts";
import { UsageError } from "./usage-error.ts";

const gone = new HuskError("not-found", "no such thing");
const program = new HuskError("command-not-found", "no such program");
const denied = new HuskError("cannot-execute", "not executable");
const flag = new UsageError("unknown flag: --x");

test.each([
  ["run", gone, 125],
  ["run", program, 127],
  ["run", denied, 126],
  ["container run", program, 127],
  ["create", gone, 1],
  ["create", flag, 125],
  ["start", program, 1],
  ["exec", gone, 1],
  ["exec", program, 127],
  ["container exec", denied, 126],
  ["exec", flag, 125],
  ["rm", gone, 1],
  ["container rm", gone, 1],
  ["container", gone, 125],
  ["volume ls", gone, 1],
  ["image bootstrap", gone, 1],
  ["system df", flag, 125],
  ["system reset", gone, 1],
  ["chroot", gone, 125],
  ["unshare", program, 127],
  ["oci run", gone, 125],
  ["rnu", gone, 125],
] as const)("husk %s: %s is %d", (line, error, status) =>
  expect(failureStatus(error, line.split(" "))).toBe(status),
);

test("a fault of husk's own is never taken for an answer", () =>
  expect(failureStatus(new TypeError("x"), ["ps"])).toBe(125));

test("every command is docker's, or tells of a program, or is by hand", () => {
  const own =
    "run exec container image volume system explain chroot jail unshare nsenter cgroup oci check completion help";
  const others = COMMANDS.map(([name]) => name).filter((name) => failureStatus(gone, [name]) === 125);
  expect(others.filter((name) => !own.split(" ").includes(name))).toEqual([]);
});

test("what the system refuses of a file is named, and is no fault of husk's", () => {
  const folder = mkdtempSync(join(tmpdir(), "husk-refused-"));
  symlinkSync("loop", join(folder, "loop"));
  const refused = (act: () => unknown): unknown => {
    try {
      return act();
    } catch (error) {
      return error;
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  const error = refused(() => statSync(join(folder, "loop")));
  expect(failureStatus(error, ["load"])).toBe(1);
  expect(errorLine(error)).toBe(`${folder}/loop: too many symbolic links encountered (stat: ELOOP)`);
});
