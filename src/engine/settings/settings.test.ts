import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunOptions } from "../run-options.ts";
import { withDefaults } from "./defaults.ts";
import { settingsFiles, settingsOf } from "./read-settings.ts";
import type { Settings } from "./settings.ts";

const folder = mkdtempSync(join(tmpdir(), "husk-settings-"));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function file(content: unknown): string {
  const path = join(folder, `${count++}.json`);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  chmodSync(path, 0o644);
  return path;
}

const read = (content: unknown, env: Record<string, string> = {}): Settings =>
  settingsOf({ HUSK_CONFIG: file(content), ...env });

function refusal(content: unknown, env?: Record<string, string>): string {
  try {
    read(content, env);
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    return `${message.replace(folder, "")} — ${hint}`;
  }
  return "no refusal";
}

describe("what the files and the environment say", () => {
  test("nothing, if there are none", () => {
    expect(settingsOf({ XDG_CONFIG_HOME: folder }).given).toEqual([]);
  });

  test("all keys", () => {
    const settings = read({
      root: "/srv/husk",
      run: "/run/other",
      memory: "2g",
      "memory-swap": -1,
      cpus: 1.5,
      "pids-limit": 512,
      "default-ulimits": { nofile: "1024:4096", core: { Name: "core", Soft: 0, Hard: -1 } },
      "default-shm-size": "128m",
      "log-driver": "json-file",
      "log-opts": { "max-size": "10m", "max-file": "3", labels: "a,b" },
      "default-capabilities": ["chown", "CAP_KILL"],
      "seccomp-profile": "/etc/husk/seccomp.json",
      "no-new-privileges": true,
      "default-address-pools": [{ base: "10.80.0.0/16", size: 24 }],
      "cdi-spec-dirs": ["/opt/cdi"],
      "detach-keys": "ctrl-a,d",
    });
    expect(settings).toMatchObject({
      root: "/srv/husk",
      run: "/run/other",
      memory: 2 ** 31,
      memorySwap: -1,
      cpus: 1.5,
      pidsLimit: 512,
      ulimits: [
        { name: "nofile", soft: 1024, hard: 4096 },
        { name: "core", soft: 0, hard: -1 },
      ],
      shmSize: 134_217_728,
      log: { driver: "json-file", maxSize: 10_485_760, maxFile: 3, labels: ["a", "b"] },
      capabilities: ["CAP_CHOWN", "CAP_KILL"],
      seccomp: { file: "/etc/husk/seccomp.json" },
      noNewPrivileges: true,
      addressPools: [{ base: "10.80.0.0/16", size: 24 }],
      cdiFolders: ["/opt/cdi"],
    });
    expect([...(settings.detachKeys ?? [])]).toEqual([1, 100]);
  });

  test("registries: rules of their own, and docker's lists", () => {
    const { registries } = read({
      "registry-mirrors": ["https://mirror.example/", "http://plain.example:5000"],
      "insecure-registries": ["reg.example:5000"],
      "blocked-registries": ["bad.example"],
      registries: { "reg.example:5000": { location: "elsewhere.example" } },
    });
    expect(
      registries?.map(({ prefix, location, insecure, blocked }) => [prefix, location, insecure, blocked]),
    ).toEqual([
      ["docker.io", "docker.io", false, false],
      ["bad.example", "bad.example", false, true],
      ["reg.example:5000", "elsewhere.example", true, false],
    ]);
    expect(registries?.[0]?.mirrors).toEqual([
      { location: "mirror.example", insecure: false, for: "all" },
      { location: "plain.example:5000", insecure: true, for: "all" },
    ]);
  });

  test("the user's file goes before the machine's, a variable before both; where each comes from is kept", () => {
    const own = join(folder, "config");
    mkdirSync(join(own, "husk"), { recursive: true });
    writeFileSync(join(own, "husk/husk.json"), JSON.stringify({ memory: "1g", cpus: 2 }), { mode: 0o600 });
    expect(settingsFiles({ XDG_CONFIG_HOME: own })).toEqual([
      "/etc/husk/husk.json",
      join(own, "husk/husk.json"),
    ]);
    const settings = settingsOf({ XDG_CONFIG_HOME: own, HUSK_MEMORY: "3g" });
    expect([settings.memory, settings.cpus]).toEqual([3 * 1024 ** 3, 2]);
    expect(settings.given.map(({ key, from }) => [key, from])).toEqual([
      ["memory", join(own, "husk/husk.json")],
      ["cpus", join(own, "husk/husk.json")],
      ["memory", "HUSK_MEMORY"],
    ]);
  });

  test.each([
    [{ memroy: "2g" }, `unknown key "memroy" — known are root, run, `],
    [{ constructor: 1 }, `unknown key "constructor"`],
    ["{", "not JSON"],
    [[], "not an object of settings"],
    [{ memory: "lots" }, `"memory": "lots" — a size`],
    [{ root: "srv" }, `"root": "srv" — an absolute path`],
    [{ cpus: 0 }, `"cpus": 0 — a number of CPUs`],
    [{ "pids-limit": 1.5 }, `"pids-limit": 1.5 — a whole number`],
    [{ "default-ulimits": { files: 3 } }, "name=soft[:hard] with one of the names"],
    [{ "log-driver": "syslog" }, "husk, none, json-file or journald"],
    [{ "log-opts": { size: 1 } }, "max-size=SIZE"],
    [{ "default-capabilities": ["FLY"] }, "names of capabilities(7)"],
    [{ "seccomp-profile": "x.json" }, "builtin, unconfined or an absolute path"],
    [{ "no-new-privileges": "maybe" }, "true or false"],
    [{ "default-address-pools": [{ base: "10.0.0.0/8", size: 4 }] }, "a size from the base's 8 to 30"],
    [{ "default-address-pools": [{ base: "10.0.0.300/8", size: 16 }] }, "a base such as"],
    [{ "insecure-registries": ["10.0.0.0/8"] }, "ranges of addresses are not known"],
    [
      { registries: { "a.example": { mirror: [] } } },
      `location, mirrors, insecure and blocked, not "mirror" so`,
    ],
    [{ "detach-keys": "ctrl-1" }, "at most 16 keys"],
  ])("%j is refused", (content, expected) => {
    expect(refusal(content)).toMatch(/^\/\d+\.json: /);
    expect(refusal(content)).toContain(expected);
  });

  test("a variable is refused by its name; one that is no setting is nobody's business", () => {
    expect(refusal({}, { HUSK_PIDS_LIMIT: "many" })).toStartWith(`HUSK_PIDS_LIMIT: "pids-limit": "many"`);
    expect(refusal({}, { HUSK_SOAK: "1", HUSK_REGISTRIES: "x" })).toBe("no refusal");
  });

  test("a file that others may write to is not followed, nor is one that was named and is not there", () => {
    const path = file({});
    chmodSync(path, 0o666);
    expect(() => settingsOf({ HUSK_CONFIG: path })).toThrow("others than you and root could have written");
    expect(() => settingsOf({ HUSK_CONFIG: "/nowhere/husk.json" })).toThrow("cannot read the settings");
    expect(() => settingsOf({ HUSK_CONFIG: folder })).toThrow("no file");
  });
});

describe("containers get what nobody asked for otherwise", () => {
  const host: RunOptions = { source: { kind: "host", with: [] }, command: ["true"] };
  const settings = read({
    memory: "1g",
    "memory-swap": "2g",
    cpus: 2,
    "pids-limit": 100,
    "default-ulimits": { nofile: "10:20", core: "0" },
    "default-shm-size": "1m",
    "log-driver": "json-file",
    "log-opts": { "max-size": "5m" },
    "default-capabilities": ["CHOWN"],
    "seccomp-profile": "unconfined",
    "no-new-privileges": true,
  });

  test("all of it", () => {
    expect(withDefaults(host, settings)).toEqual({
      ...host,
      memory: 1 << 30,
      memorySwap: 2 ** 31,
      cpus: 2,
      pidsLimit: 100,
      shmSize: 1 << 20,
      ulimits: [
        { name: "nofile", soft: 10, hard: 20 },
        { name: "core", soft: 0, hard: 0 },
      ],
      log: { driver: "json-file", maxSize: 5 << 20 },
      capabilities: ["CAP_CHOWN"],
      securityOpt: { noNewPrivileges: true, seccomp: "unconfined" },
    });
  });

  test("what was asked for stays, with what belongs to it", () => {
    const asked: RunOptions = {
      ...host,
      memory: 4096,
      cpuQuota: 1000,
      ipc: "host",
      ulimits: [{ name: "nofile", soft: 5, hard: 5 }],
      log: { driver: "none" },
      securityOpt: { seccomp: "builtin", noNewPrivileges: false },
    };
    expect(withDefaults(asked, settings)).toEqual({
      ...asked,
      pidsLimit: 100,
      ulimits: [
        { name: "core", soft: 0, hard: 0 },
        { name: "nofile", soft: 5, hard: 5 },
      ],
      capabilities: ["CAP_CHOWN"],
    });
  });

  test("nothing is narrowed that was asked to be wide, nothing limited without control groups", () => {
    const wide = withDefaults({ ...host, privileged: true, noIsolate: ["limits"] }, settings);
    expect(wide).toMatchObject({ privileged: true, securityOpt: { noNewPrivileges: true } });
    for (const name of ["capabilities", "memory", "memorySwap", "cpus", "pidsLimit"])
      expect(wide).not.toHaveProperty(name);
    expect(wide.securityOpt).not.toHaveProperty("seccomp");
  });

  test("a bundle speaks for itself", () => {
    const bundle: RunOptions = { source: { kind: "bundle", path: "/b" }, command: [] };
    expect(withDefaults(bundle, settings)).toEqual({
      ...bundle,
      log: { driver: "json-file", maxSize: 5 << 20 },
    });
  });
});
