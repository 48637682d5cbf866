// Mounts of `husk oci` whose files seem to be other users', or whose options hold for all that is mounted below.
import { describe, expect } from "bun:test";
import { chownSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Bundle,
  type Config,
  huskRuntime,
  makeBundle,
  needs,
  temporaryFile,
  temporaryFolder,
} from "./harness/index.ts";

const needed = { root: true, command: "busybox", kernel: "5.12" } as const;

/** `[container id, host id, size]` */
type Range = readonly [number, number, number];
const mapping = (...ranges: Range[]) =>
  ranges.map(([containerID, hostID, size]) => ({ containerID, hostID, size }));

/** A folder with files of the given owners: `name` to user and group id. */
function folderOf(files: Record<string, readonly [number, number]>): string {
  const folder = temporaryFolder("source");
  for (const [name, [uid, gid]] of Object.entries(files)) {
    writeFileSync(join(folder, name), "");
    chownSync(join(folder, name), uid, gid);
  }
  return folder;
}

function inUserNamespace(config: Config): void {
  config.linux.namespaces.push({ type: "user" });
  config.linux.uidMappings = mapping([0, 100_000, 65_536]);
  config.linux.gidMappings = mapping([0, 100_000, 65_536]);
}

async function output(bundle: Bundle): Promise<string> {
  return (await huskRuntime().must(["run", "--bundle", bundle.path, "one"])).trim();
}

const owners = "stat -c %u:%g /tmp/data/a /tmp/data/b";

describe("id-mapped mounts", () => {
  needs(needed)("show files by the mount's own maps", async () => {
    const source = folderOf({ a: [100, 211], b: [102, 233] });
    const maps = {
      uidMappings: mapping([100, 101_000, 1], [102, 103_000, 1]),
      gidMappings: mapping([210, 101_100, 10], [230, 103_300, 10]),
    };
    const mount = { destination: "/tmp/data", source, options: ["bind"], ...maps };
    const plain = makeBundle(["sh", "-c", owners], (config) => void config.mounts.push(mount));
    expect(await output(plain)).toBe("101000:101101\n103000:103303");
    const inside = makeBundle(["sh", "-c", owners], (config) => {
      inUserNamespace(config);
      config.mounts.push(mount);
    });
    expect(await output(inside)).toBe("1000:1101\n3000:3303");
  });

  needs(needed)("take the container's maps when they have none of their own, and write by them", async () => {
    const source = folderOf({ a: [0, 0], b: [1, 1] });
    const command = `${owners}; touch /tmp/data/new; stat -c %u /tmp/plain/a`;
    const bundle = makeBundle(["sh", "-c", command], (config) => {
      inUserNamespace(config);
      config.mounts.push({ destination: "/tmp/data", source, options: ["bind", "idmap"] });
      config.mounts.push({ destination: "/tmp/plain", source, options: ["bind"] });
    });
    chownSync(source, 0, 0);
    expect(await output(bundle)).toBe("0:0\n1:1\n65534");
    expect(statSync(join(source, "new")).uid).toBe(0);
  });

  needs(needed)("map what is mounted below with ridmap only", async () => {
    const source = folderOf({ a: [0, 0] });
    mkdirSync(join(source, "below"));
    await Bun.$`mount -t tmpfs -o mode=755 none ${join(source, "below")}`.quiet();
    try {
      for (const [option, owner] of [
        ["idmap", "65534"],
        ["ridmap", "0"],
      ] as const) {
        const bundle = makeBundle(["stat", "-c", "%u", "/tmp/data/below"], (config) => {
          inUserNamespace(config);
          config.mounts.push({ destination: "/tmp/data", source, options: ["rbind", option] });
        });
        expect([option, await output(bundle)]).toEqual([option, owner]);
      }
    } finally {
      await Bun.$`umount ${join(source, "below")}`.quiet();
    }
  });

  needs(needed)("are refused where there are no maps, and for new file systems", async () => {
    const source = folderOf({});
    for (const [mount, message] of [
      [{ source, options: ["bind", "idmap"] }, "the container has no user namespace"],
      [
        { type: "tmpfs", uidMappings: mapping([0, 1, 1]), gidMappings: mapping([0, 1, 1]) },
        "id-mapped mounts are only supported for bind-mounts",
      ],
    ] as const) {
      const bundle = makeBundle(
        ["true"],
        (config) => void config.mounts.push({ destination: "/tmp/data", ...mount }),
      );
      const { status, stderr } = await huskRuntime().call(["run", "--bundle", bundle.path, "one"]);
      expect([status, stderr]).toEqual([1, expect.stringContaining(message)]);
    }
  });
});

describe("recursive options", () => {
  needs(needed)("hold for all that is mounted below the source", async () => {
    const source = folderOf({});
    mkdirSync(join(source, "below"));
    await Bun.$`mount -t tmpfs none ${join(source, "below")}`.quiet();
    try {
      const seen = async (options: string[]): Promise<string[]> => {
        const command = "grep ' /tmp/data' /proc/self/mountinfo | cut -d' ' -f6";
        const bundle = makeBundle(["sh", "-c", command], (config) => {
          config.mounts.push({ destination: "/tmp/data", source, options: ["rbind", ...options] });
        });
        return (await output(bundle)).split("\n");
      };
      expect(await seen(["ro"])).toEqual(["ro,relatime", "rw,relatime"]);
      expect(await seen(["rro"])).toEqual(["ro,relatime", "ro,relatime"]);
      expect(await seen(["rnosuid", "rnodev", "rnoexec", "rnoatime"])).toEqual([
        "rw,nosuid,nodev,noexec,noatime",
        "rw,nosuid,nodev,noexec,noatime",
      ]);
      expect(await seen(["rro", "rw"])).toEqual(["ro,relatime", "ro,relatime"]);
    } finally {
      await Bun.$`umount ${join(source, "below")}`.quiet();
    }
  });
});

describe("personality", () => {
  needs(needed)("with flags is what the program and those it executes get", async () => {
    const bundle = makeBundle(["cat", "/proc/self/personality"], (config) => {
      config.linux.personality = { domain: "LINUX32", flags: ["ADDR_NO_RANDOMIZE"] };
    });
    expect(await output(bundle)).toBe("00040008");
  });
});

describe("mounts of a container that is there", () => {
  const write = (content: unknown): string => {
    const file = temporaryFile("mounts.json");
    writeFileSync(file, JSON.stringify(content));
    return file;
  };

  for (const own of [false, true]) {
    needs(needed)(`can be added and removed, user namespace: ${own}`, async () => {
      const husk = huskRuntime();
      const source = folderOf({ a: [0, 0] });
      mkdirSync(join(source, "secret"));
      const bundle = makeBundle(["sleep", "100"], (config) => {
        if (own) inUserNamespace(config);
      });
      await husk.must(["run", "-d", "--bundle", bundle.path, "one"]);
      try {
        const file = write([
          { destination: "/tmp/bound", source, options: ["bind", "ro"] },
          { destination: "/tmp/memory", type: "tmpfs", source: "tmpfs", options: ["size=64k", "nodev"] },
        ]);
        await husk.must(["mounts", "add", "one", file]);
        const seen = "ls /tmp/bound; touch /tmp/memory/x; touch /tmp/bound/x 2>&1";
        const shown = await husk.call(["exec", "one", "sh", "-c", seen]);
        expect(shown.stdout).toBe("a\nsecret\ntouch: /tmp/bound/x: Read-only file system\n");
        const count = ["exec", "one", "grep", "-c", "-E", " /tmp/(bound|memory) ", "/proc/self/mountinfo"];
        expect((await husk.call(count)).stdout).toBe("2\n");
        const destinations = [{ destination: "/tmp/bound" }, { destination: "/tmp/memory" }];
        await husk.must(["mounts", "remove", "one", write({ mounts: destinations })]);
        expect((await husk.call(count)).stdout).toBe("0\n");
        const again = await husk.call(["mounts", "remove", "one", write(destinations)]);
        expect([again.status, again.stderr]).toEqual([1, expect.stringContaining("/tmp/bound")]);
      } finally {
        await husk.call(["delete", "--force", "one"]);
      }
    });
  }

  needs(needed)("cannot be changed where they are wrong, or where there is none", async () => {
    const husk = huskRuntime();
    const failing = async (args: string[]): Promise<string> => {
      const { status, stderr } = await husk.call(args);
      expect([status, stderr.trim().split("\n").length]).toEqual([1, 1]);
      return stderr;
    };
    const good = write([{ destination: "/tmp/x", type: "tmpfs" }]);
    expect(await failing(["mounts", "add", "one", good])).toContain("container does not exist");
    expect(await failing(["mounts", "change", "one", good])).toContain("unknown command change");
    expect(await failing(["mounts", "add", "one", write([{ type: "tmpfs" }])])).toContain(
      "mounts[0].destination",
    );
    const bundle = makeBundle(["true"]);
    await husk.must(["run", "-d", "--bundle", bundle.path, "one"]);
    await husk.stopped("one");
    expect(await failing(["mounts", "add", "one", good])).toContain("has stopped");
    await husk.must(["delete", "one"]);
  });
});
