// Device rules of a running container are exchanged: by the files of cgroup v1 here, by a program on v2 (test/vm).
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, huskRuntime, makeBundle, needs, temporaryFolder } from "./harness/index.ts";

needs({ root: true, command: "busybox", cgroup: "v1", controller: "devices", file: "/dev/fuse" })(
  "update exchanges the device rules",
  async () => {
    const { path } = makeBundle(["sleep", "100"], (config: Config) => {
      config.linux.resources = { devices: [{ allow: false, access: "rwm" }] };
      config.linux.devices = [{ path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 0o666 }];
    });
    const husk = huskRuntime();
    const rules = join(temporaryFolder(), "rules.json");
    const opens = async (): Promise<string> => {
      const script = "(: </dev/fuse) 2>/dev/null && echo -n open; (: </dev/null) && echo -n ' null'";
      return (await husk.call(["exec", "device-rules", "sh", "-c", script])).stdout;
    };
    const update = async (devices: readonly object[]): Promise<void> => {
      writeFileSync(rules, JSON.stringify({ devices }));
      await husk.must(["update", "-r", rules, "device-rules"]);
    };
    try {
      await husk.must(["run", "-d", "--bundle", path, "device-rules"]);
      expect(await opens()).toBe(" null");
      await update([{ allow: true, type: "c", major: 10, minor: 229, access: "rw" }]);
      expect(await opens()).toBe("open null");
      await update([{ allow: true, access: "rwm" }]);
      expect(await opens()).toBe("open null");
      await update([{ allow: false, access: "rwm" }]);
      expect(await opens()).toBe(" null");
    } finally {
      await husk.call(["delete", "-f", "device-rules"]);
    }
  },
);
