// Capabilities, seen in /proc of the container's process and by what it can do.
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import {
  availableCapabilities,
  capabilityNames,
  defaultCapabilities,
  namesOf,
} from "../src/security/index.ts";
import { engine, husk, huskPath, makeBundle, needs, run } from "./harness/index.ts";

const asRoot = needs({ root: true });

/** The capability sets a container's process has, by the names of /proc/self/status. */
async function setsWith(...flags: string[]): Promise<Record<string, string[]>> {
  const { stdout, stderr } = await husk([
    "run",
    "--rm",
    ...flags,
    "host",
    "--",
    "grep",
    "^Cap",
    "/proc/self/status",
  ]);
  expect(stderr).toBe("");
  return parseSets(stdout);
}

function parseSets(text: string): Record<string, string[]> {
  const sets: Record<string, string[]> = {};
  for (const line of text.trim().split("\n")) {
    const [name = "", digits = ""] = line.split(":\t");
    const bits = BigInt(`0x${digits}`);
    sets[name] = capabilityNames.filter((_, number) => (bits >> BigInt(number)) & 1n);
  }
  return sets;
}

const byNumber = (names: readonly string[]): string[] =>
  capabilityNames.filter((name) => names.includes(name));

asRoot("a container has the default capabilities, and none it could hand on", async () => {
  const sets = await setsWith();
  expect(sets).toEqual({
    CapInh: [],
    CapPrm: byNumber(defaultCapabilities),
    CapEff: byNumber(defaultCapabilities),
    CapBnd: byNumber(defaultCapabilities),
    CapAmb: [],
  });
});

asRoot("--cap-drop and --cap-add, as Docker counts", async () => {
  expect((await setsWith("--cap-drop", "ALL")).CapBnd).toEqual([]);
  expect((await setsWith("--cap-drop", "ALL", "--cap-add", "chown")).CapPrm).toEqual(["CAP_CHOWN"]);
  const without = await setsWith("--cap-drop", "CAP_MKNOD", "--cap-add", "NET_ADMIN");
  expect(without.CapEff).toContain("CAP_NET_ADMIN");
  expect(without.CapEff).not.toContain("CAP_MKNOD");
});

asRoot("--privileged gives all that husk has itself", async () => {
  const available = namesOf(availableCapabilities(readFileSync("/proc/self/status", "latin1")));
  expect((await setsWith("--privileged")).CapEff).toEqual(available);
});

asRoot("an ordinary user in the container has none, and a bounding set", async () => {
  const sets = await setsWith("-u", "1000:1000");
  expect([sets.CapPrm, sets.CapEff, sets.CapAmb]).toEqual([[], [], []]);
  expect(sets.CapBnd).toEqual(byNumber(defaultCapabilities));
});

asRoot("an unknown capability, or one husk does not have, is one line", async () => {
  const unknown = await husk(["run", "--cap-add", "SYS_RESORCE", "host", "--", "true"]);
  expect([unknown.status, unknown.stderr.trim()]).toEqual([
    125,
    'husk: --cap-add: unknown capability "SYS_RESORCE" — did you mean SYS_RESOURCE?',
  ]);
});

asRoot("config.json: five sets; the ambient ones reach programs of an ordinary user", async () => {
  const names = ["CAP_KILL", "CAP_NET_BIND_SERVICE"];
  const bundle = makeBundle(["grep", "^Cap", "/proc/self/status"], (config) => {
    config.process.user = { uid: 1000, gid: 1000 };
    config.process.capabilities = {
      bounding: names,
      permitted: names,
      effective: [],
      inheritable: ["CAP_KILL"],
      ambient: names,
    };
  });
  const { root, run: runFolder } = engine();
  const env = { HUSK_ROOT: root, HUSK_RUN: runFolder };
  const result = await run([huskPath, "oci", "run", "--bundle", bundle.path, `caps-${process.pid}`], { env });
  // Of the ambient set only what is inheritable too; exec makes ambient capabilities permitted and effective.
  expect(parseSets(result.stdout)).toEqual({
    CapInh: ["CAP_KILL"],
    CapPrm: ["CAP_KILL"],
    CapEff: ["CAP_KILL"],
    CapBnd: names,
    CapAmb: ["CAP_KILL"],
  });
});
