// Devices that files of vendors tell of (Container Device Interface).
import { expect } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { husk, needs } from "./harness/index.ts";

const file = "/etc/cdi/husk-test.json";
const spec = {
  cdiVersion: "0.6.0",
  kind: "husk.test/thing",
  containerEdits: { env: ["VENDOR=yes"] },
  devices: [
    {
      name: "tun",
      containerEdits: {
        deviceNodes: [{ path: "/dev/thing", hostPath: "/dev/net/tun", permissions: "r" }],
        mounts: [{ hostPath: "/etc/hostname", containerPath: "/opt/vendor", options: ["ro"] }],
      },
    },
  ],
};

needs({ root: true })(
  "--device vendor.com/class=name: nodes, mounts and variables of the vendor's file",
  async () => {
    const made = mkdirSync("/etc/cdi", { recursive: true });
    writeFileSync(file, JSON.stringify(spec));
    try {
      const script = "echo $VENDOR; exec 3</dev/thing && echo open; cat /opt/vendor; exec 4>/dev/thing";
      const run = await husk([
        "run",
        "--rm",
        "--device",
        "husk.test/thing=tun",
        "host",
        "--",
        "sh",
        "-c",
        script,
      ]);
      expect(run.stdout).toMatch(/^yes\nopen\n\S+\n$/);
      // The file allows reading only.
      expect(run.stderr).toMatch(/thing: (Operation not permitted|Permission denied)/);
      const missing = await husk(["run", "--rm", "--device", "husk.test/thing=one", "host", "--", "true"]);
      expect([missing.status, missing.stderr]).toEqual([
        125,
        expect.stringContaining("unresolvable CDI device husk.test/thing=one"),
      ]);
    } finally {
      rmSync(made ?? file, { recursive: true });
    }
  },
);
