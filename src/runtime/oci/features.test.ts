import { expect, test } from "bun:test";
import { features } from "./features.ts";

/** The layout of features.md of the runtime specification 1.3: what each field holds. */
const layout = {
  ociVersionMin: "string",
  ociVersionMax: "string",
  hooks: "strings",
  mountOptions: "strings",
  annotations: "map",
  potentiallyUnsafeConfigAnnotations: "strings",
  linux: {
    namespaces: "strings",
    capabilities: "strings",
    cgroup: { v1: "boolean", v2: "boolean", systemd: "boolean", systemdUser: "boolean", rdma: "boolean" },
    seccomp: {
      enabled: "boolean",
      actions: "strings",
      operators: "strings",
      archs: "strings",
      knownFlags: "strings",
      supportedFlags: "strings",
    },
    apparmor: { enabled: "boolean" },
    selinux: { enabled: "boolean" },
    intelRdt: { enabled: "boolean", schemata: "boolean", monitoring: "boolean" },
    memoryPolicy: { modes: "strings", flags: "strings" },
    mountExtensions: { idmap: { enabled: "boolean" } },
    netDevices: { enabled: "boolean" },
  },
};

function shapeOf(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.every((item) => typeof item === "string") ? "strings" : "list";
  if (typeof value !== "object" || value === null) return typeof value;
  if (key === "annotations") return "map";
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner, name)]));
}

test("features has the specification's layout, every field of it and no other", () => {
  expect(shapeOf(features("1.0"))).toEqual(layout);
});

test("annotations that steer what is outside of a container are named; a prefix ends with a dot", () => {
  const { potentiallyUnsafeConfigAnnotations } = features("1.0") as Record<string, unknown>;
  expect(potentiallyUnsafeConfigAnnotations).toEqual(["org.criu.config", "org.systemd.property."]);
});

test("names are those of the specification", () => {
  const { linux, mountOptions } = features("1.0") as unknown as {
    linux: { seccomp: Record<string, string[]>; capabilities: string[] };
    mountOptions: string[];
  };
  for (const name of linux.seccomp.actions!) expect(name).toStartWith("SCMP_ACT_");
  for (const name of linux.seccomp.archs!) expect(name).toStartWith("SCMP_ARCH_");
  for (const name of linux.capabilities) expect(name).toMatch(/^CAP_[A-Z_]+$/);
  expect(new Set(mountOptions).size).toBe(mountOptions.length);
  for (const option of ["idmap", "ridmap", "rro", "rnosuid", "tmpcopyup"])
    expect(mountOptions).toContain(option);
});
