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
    entrypoint: ["/entry"],
    env: ["PATH=/bin"],
    user: { user: "app", group: 7 },
    workdir: "/srv",
  });
  const asked = options({ command: ["c"], env: ["A=1", "SECRET"], user: { user: 0 }, workdir: "/" });
  expect(applyImageConfig(asked, image, undefined, "x")).toEqual({
    command: ["/entry", "c"],
    entrypoint: ["/entry"],
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

test("labels, stop signal and health check come from the image, unless the options say otherwise", () => {
  const config = {
    Cmd: ["x"],
    Labels: { a: "1", b: "2" },
    StopSignal: "SIGQUIT",
    Healthcheck: { Test: ["CMD-SHELL", "true"], Interval: 2_500_000_000, Retries: 4 },
  };
  expect(applyImageConfig(options({ labels: { b: "3" } }), config, undefined, "x")).toMatchObject({
    labels: { a: "1", b: "3" },
    stopSignal: 3,
    health: { command: ["/bin/sh", "-c", "true"], interval: 2500, retries: 4 },
  });
  const asked = options({ stopSignal: 10, health: { command: [] } });
  expect(applyImageConfig(asked, config, undefined, "x")).toMatchObject({
    stopSignal: 10,
    health: { command: [] },
  });
  const none = { Cmd: ["x"], Healthcheck: { Test: ["NONE"] } };
  expect(applyImageConfig(options(), none, undefined, "x").health).toEqual({ command: [] });
});
