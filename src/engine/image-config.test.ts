import { expect, test } from "bun:test";
import { applyImageConfig } from "./image-config.ts";
import type { RunOptions } from "./run-options.ts";

const source = { kind: "host", with: [] } as const;
const options = (changes: Partial<RunOptions> = {}): RunOptions => ({ source, command: [], ...changes });
const image = {
  Entrypoint: ["/entry"],
  Cmd: ["a", "b"],
  Env: ["PATH=/bin", "SECRET"],
  User: "app:7",
  WorkingDir: "/srv",
};

test("what an image says counts where the options do not", () => {
  expect(applyImageConfig(options(), image, undefined, "x")).toEqual({
    command: ["/entry", "a", "b"],
    env: ["PATH=/bin"],
    user: { user: "app", group: 7 },
    workdir: "/srv",
  });
  const asked = options({ command: ["c"], env: ["A=1", "SECRET"], user: { user: 0 }, workdir: "/" });
  expect(applyImageConfig(asked, image, undefined, "x")).toEqual({
    command: ["/entry", "c"],
    env: ["PATH=/bin", "A=1", "SECRET"],
    user: { user: 0 },
    workdir: "/",
  });
});

test("another entrypoint makes the image's arguments meaningless", () => {
  expect(applyImageConfig(options(), image, "/other", "x").command).toEqual(["/other"]);
  expect(applyImageConfig(options({ command: ["c"] }), image, "", "x").command).toEqual(["c"]);
  expect(() => applyImageConfig(options(), image, "", "x")).toThrow("the image x names no program");
  expect(() => applyImageConfig(options(), { Cmd: null, Entrypoint: null }, undefined, "x")).toThrow(
    "names no program",
  );
});
