import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { Call, List, type Memory, type Operation, When } from "../plan/index.ts";
import {
  allCapabilities,
  availableCapabilities,
  capabilityMask,
  dropBoundingSet,
  namesOf,
  resolveCapabilities,
  setCapabilities,
  setNoNewPrivileges,
} from "./capabilities.ts";
import {
  adjustCapabilities,
  capabilityNames,
  defaultCapabilities,
  parseCapability,
} from "./capability-names.ts";

function operations(fill: (list: List) => void): readonly Operation[] {
  const list = new List("container");
  fill(list);
  return list.steps.flatMap((step) => step.operations);
}

function calls(fill: (list: List) => void): Call[] {
  return operations(fill).filter((operation) => operation instanceof Call);
}

describe("names", () => {
  test("are the kernel's, in its order", () => {
    expect(capabilityNames.length).toBe(41);
    expect(capabilityNames[21]).toBe("CAP_SYS_ADMIN");
    expect(capabilityNames[40]).toBe("CAP_CHECKPOINT_RESTORE");
  });

  test("are read as Docker spells them", () => {
    expect(parseCapability("NET_ADMIN")).toBe("CAP_NET_ADMIN");
    expect(parseCapability("cap_net_admin")).toBe("CAP_NET_ADMIN");
    expect(parseCapability("all")).toBe("ALL");
  });

  test("that are none are refused with the nearest", () => {
    try {
      parseCapability("NET_ADMN", "--cap-add");
      throw new Error("parsed");
    } catch (error) {
      expect(error).toMatchObject({
        code: "invalid",
        message: '--cap-add: unknown capability "NET_ADMN"',
        hint: "did you mean NET_ADMIN?",
      });
    }
  });

  test("the default is Docker's without NET_RAW", () => {
    expect(defaultCapabilities.length).toBe(13);
    expect(defaultCapabilities).not.toContain("CAP_NET_RAW");
  });
});

describe("--cap-add and --cap-drop", () => {
  const available = ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW", "CAP_SYS_ADMIN"];
  const basics = ["CAP_CHOWN", "CAP_KILL"];
  const cases: [string[], string[], string[]][] = [
    [[], [], basics],
    [["SYS_ADMIN"], [], [...basics, "CAP_SYS_ADMIN"]],
    [[], ["kill"], ["CAP_CHOWN"]],
    [["KILL"], ["KILL"], ["CAP_CHOWN", "CAP_KILL"]],
    [["ALL"], ["KILL"], ["CAP_CHOWN", "CAP_NET_RAW", "CAP_SYS_ADMIN"]],
    [["NET_RAW"], ["ALL"], ["CAP_NET_RAW"]],
    [[], ["ALL"], []],
    [["ALL"], ["ALL"], available],
  ];
  for (const [add, drop, result] of cases) {
    test(`add ${add.join(" ") || "nothing"}, drop ${drop.join(" ") || "nothing"}`, () => {
      expect(adjustCapabilities(basics, add, drop, available)).toEqual(result);
    });
  }
});

describe("sets", () => {
  test("hold each capability under its number", () => {
    expect(capabilityMask(["CAP_CHOWN", "CAP_AUDIT_WRITE", "CAP_SETFCAP", "CAP_BPF"], "")).toEqual({
      low: 0xa0000001,
      high: 0x80,
    });
    expect(namesOf(allCapabilities)).toEqual([...capabilityNames]);
  });

  test("refuse an unknown name with its place", () => {
    expect(() => resolveCapabilities({ permitted: ["CAP_KILL", "CAP_KILLL"] }, allCapabilities)).toThrow(
      'process.capabilities.permitted[1]: unknown capability "CAP_KILLL"',
    );
  });

  test("that are available stand in /proc/self/status", () => {
    const status =
      "Name:\thusk\nCapInh:\t0000000000000000\nCapEff:\t000001fffeffffff\nCapBnd:\t000001fffefffffe\n";
    expect(availableCapabilities(status)).toEqual({ low: 0xfefffffe, high: 0x1ff });
    expect(() => availableCapabilities("")).toThrow("has no readable CapEff");
    expect(availableCapabilities(readFileSync("/proc/self/status", "latin1"))).toBeDefined();
  });

  test("leave out what is not available, with a warning", () => {
    const names = ["CAP_KILL", "CAP_SYS_RESOURCE"];
    const available = capabilityMask(["CAP_KILL", "CAP_CHOWN"], "");
    const { sets, warnings } = resolveCapabilities(
      { bounding: names, permitted: names, effective: names },
      available,
    );
    expect(namesOf(sets.bounding)).toEqual(["CAP_KILL"]);
    expect(namesOf(sets.effective)).toEqual(["CAP_KILL"]);
    expect(namesOf(sets.inheritable)).toEqual([]);
    expect(warnings).toEqual([
      "process.capabilities: CAP_SYS_RESOURCE not available to husk itself: left out",
    ]);
  });

  test("are ambient only where permitted and inheritable", () => {
    const names = ["CAP_KILL", "CAP_CHOWN"];
    const asked = { bounding: names, permitted: names, inheritable: ["CAP_CHOWN"], ambient: names };
    expect(namesOf(resolveCapabilities(asked, allCapabilities).sets.ambient)).toEqual(["CAP_CHOWN"]);
  });

  test("are effective only where permitted", () => {
    expect(() => resolveCapabilities({ effective: ["CAP_KILL"] }, allCapabilities)).toThrow(
      "process.capabilities.effective: CAP_KILL not in permitted",
    );
  });
});

describe("the plan", () => {
  test("drops all others from the bounding set, also those of newer kernels", () => {
    const planned = operations((list) => dropBoundingSet(list, capabilityMask(["CAP_CHOWN", "CAP_BPF"], "")));
    const numbers = planned.filter((it) => it instanceof Call).map((call) => call.args[1]);
    expect(numbers).toEqual([...Array(42).keys()].filter((number) => number !== 0 && number !== 39));
    const newer = planned.at(-1);
    expect(newer).toBeInstanceOf(When);
    expect((newer as When).body.length).toBeGreaterThan(3);
  });

  test("sets the process's sets in one call, then the ambient ones", () => {
    const names = ["CAP_CHOWN", "CAP_BPF"];
    const asked = {
      bounding: names,
      permitted: names,
      effective: ["CAP_CHOWN"],
      inheritable: ["CAP_BPF"],
      ambient: ["CAP_BPF"],
    };
    const planned = calls((list) => setCapabilities(list, resolveCapabilities(asked, allCapabilities).sets));
    expect(planned.map((call) => call.name)).toEqual(["capset", "prctl", "prctl"]);
    const [header, data] = planned[0]!.args as readonly Memory[];
    expect(new Uint32Array(header!.bytes.buffer)).toEqual(Uint32Array.of(0x20080522, 0));
    expect(new Uint32Array(data!.bytes.buffer)).toEqual(Uint32Array.of(1, 1, 0, 0, 0x80, 0x80));
    expect(planned[1]!.args.slice(0, 2)).toEqual([47, 4]);
    expect(planned[2]!.args.slice(0, 3)).toEqual([47, 2, 39]);
  });

  test("says it in shell", () => {
    const list = new List("container");
    dropBoundingSet(list, capabilityMask(["CAP_CHOWN"], ""));
    setNoNewPrivileges(list);
    expect(list.steps.map((step) => step.shell?.())).toEqual([
      'SETPRIV="$SETPRIV --bounding-set -all,+chown"',
      'SETPRIV="$SETPRIV --no-new-privs"',
    ]);
  });
});
