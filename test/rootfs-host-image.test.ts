// The built-in image "host": what is in it, what is not, and that the host does not notice.
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { unreadableByOthers } from "../src/image/host/unreadable.ts";
import { type HostImageOptions, hostImage } from "../src/image/index.ts";
import { makeWritable } from "../src/engine/container/writable.ts";
import { type RootfsSource, type WritableForm, writeFileInRoot } from "../src/rootfs/index.ts";
import { needs, run, temporaryFolder } from "./harness/index.ts";
import { type Outcome, type RootfsContainer, runContainer } from "./rootfs-container.ts";

const asRoot = needs({ root: true });

type Composed = Extract<RootfsSource, { kind: "composed" }>;

function keptAs(kept: "memory" | WritableForm, source: Composed): Composed {
  if (kept === "memory") return source;
  const writable = { path: temporaryFolder("kept"), isNew: true, volatile: true, form: kept };
  const root = { ...source, writable };
  makeWritable(writable, { uid: 0, gid: 0 }, root);
  return root;
}

/** What is written is kept in memory, or in a folder, in one overlay or apart. */
describe.each(["memory", "whole", "apart"] as const)("the host image, kept as %p", (kept) => {
  const inHost = (
    command: string,
    options: HostImageOptions = {},
    more: Partial<RootfsContainer> = {},
  ): Outcome => {
    const source = keptAs(kept, hostImage(options).source);
    const outcome = runContainer({ source, command, ...more });
    expect(outcome.error).toBeUndefined();
    return outcome;
  };

  asRoot("reads nothing that others may not read, not even as root", async () => {
    // A file that others may not read, or below a folder they may not enter.
    const find = `
      find /usr /etc -xdev -type d ! -perm -001 -prune -print0 -o -type f ! -perm -004 -print0 > LIST
      tr "\\0" "\\n" < LIST | grep -c .`;
    const list = join(temporaryFolder("unreadable"), "list");
    const found = await run(["sh", "-c", find.replaceAll("LIST", list)]);
    expect(Number(found.stdout)).toBeGreaterThan(0);
    expect(readFileSync(list, "utf8")).toContain("/etc/shadow");
    const paths = readFileSync(list, "utf8")
      .split("\0")
      .filter((path) => path !== "");
    const script = `
      while IFS= read -r -d "" path; do
        if [ -d "$path" ]; then ls -A "$path" > /dev/null 2>&1 && [ -n "$(ls -A "$path")" ] && echo "$path"
        else cat "$path" > /dev/null 2>&1 && echo "$path"; fi
        cp -a "$path" /tmp/copy 2> /dev/null && [ -s /tmp/copy ] && [ -f /tmp/copy ] && echo "copied $path"
        rm -rf /tmp/copy
      done < /list; echo done ${paths.length}`;
    const { stdout } = inHost(
      `bash -c '${script}'`,
      {},
      {
        inside: (container, root) => {
          container.step("list", "for the test");
          writeFileInRoot(root.view, "/list", readFileSync(list, "utf8"));
        },
      },
    );
    expect(stdout).toBe(`done ${paths.length}\n`);
  });

  asRoot("is writable, and the host does not change", () => {
    const { stdout } = inHost(
      "echo x > /etc/husk-new; rm /etc/passwd; mkdir /etc/passwd; echo changed > /usr/bin/true; " +
        "mv /etc/group /etc/group.moved; rm -rf /etc/alternatives && mkdir /etc/alternatives && ls -A /etc/alternatives; " +
        "ls -d /etc/husk-new /etc/passwd/ /etc/group.moved; head -c 7 /usr/bin/true",
    );
    expect(stdout).toBe("/etc/group.moved\n/etc/husk-new\n/etc/passwd/\nchanged");
    expect(existsSync("/etc/husk-new")).toBe(false);
    expect(lstatSync("/etc/passwd").isFile()).toBe(true);
    expect(readFileSync("/usr/bin/true").subarray(1, 4).toString()).toBe("ELF");
  });

  asRoot("has husk's own names and resolvers, also where the host has links", () => {
    const { stdout } = inHost(
      "cat /etc/hostname /etc/hosts /etc/resolv.conf; stat -c '%F %a' /etc/resolv.conf; readlink /etc/mtab",
      { hostname: "box", hosts: "127.0.0.1 localhost box\n", resolvConf: "nameserver 192.0.2.1\n" },
    );
    expect(stdout).toBe(
      "box\n127.0.0.1 localhost box\nnameserver 192.0.2.1\nregular file 644\n/proc/self/mounts\n",
    );
  });

  asRoot("has new and empty /root, /home, /var, /tmp and /run", () => {
    const { stdout } = inHost(
      "find /root /home /tmp /var /run ! -type d ! -type l; stat -c '%n %a %U' /root /home /tmp /var /var/tmp /run /proc /sys",
    );
    expect(stdout.trim().split("\n")).toEqual([
      "/root 700 root",
      "/home 755 root",
      "/tmp 1777 root",
      "/var 755 root",
      "/var/tmp 1777 root",
      "/run 755 root",
      "/proc 555 root",
      "/sys 555 root",
    ]);
  });

  asRoot("shows nothing of the host's other folders and mounts", () => {
    const { stdout } = inHost("cut -d' ' -f5 /proc/self/mountinfo; ls /");
    const [mounts, folders] = [stdout.split("\n").filter((line) => line.startsWith("/")), stdout];
    expect(mounts.toSorted((a, b) => a.localeCompare(b))).toEqual(
      ["/", "/dev", "/dev/mqueue", "/dev/pts", "/dev/shm", "/etc", "/proc", "/sys", "/usr"].toSorted((a, b) =>
        a.localeCompare(b),
      ),
    );
    expect(folders).not.toContain("lost+found");
  });

  asRoot("can be read-only as a whole", () => {
    const { stdout } = inHost(
      "for d in / /usr /etc /usr/share; do touch $d/x 2> /dev/null && echo $d; done; touch /dev/shm/x && echo shm",
      {},
      { readonly: true },
    );
    expect(stdout).toBe("shm\n");
  });

  asRoot("takes more folders by --with, in the same way", () => {
    const outer = temporaryFolder("with");
    const folder = join(outer, "odd:name, with\\signs");
    mkdirSync(folder);
    writeFileSync(join(folder, "public"), "public\n");
    writeFileSync(join(folder, "secret"), "secret\n");
    chmodSync(join(folder, "secret"), 0o600);
    symlinkSync("public", join(folder, "link"));
    const { stdout } = inHost(
      `cd "$(find ${outer} -name 'odd*')" && cat link; cat secret; echo new > public; cat public`,
      { with: [folder] },
    );
    expect(stdout).toBe("public\nnew\n");
    expect(readFileSync(join(folder, "public"), "utf8")).toBe("public\n");
  });

  asRoot("keeps owners and modes, set-user-id bits too", async () => {
    const { stdout } = inHost("stat -c '%a %U:%G' /etc/shadow /usr/bin/passwd /etc");
    const host = await run(["stat", "-c", "%a %U:%G", "/etc/shadow", "/usr/bin/passwd", "/etc"]);
    expect(stdout).toBe(host.stdout);
  });
});

// Overlays may stand two deep; in there the host's folders are on one already, or on two.
const nested = (depth: number): string[] => {
  const steps = ["mount -t tmpfs tmpfs /mnt"];
  for (let i = 0; i < depth; i++) {
    steps.push(`mkdir -p /mnt/${i}/u /mnt/${i}/w /mnt/${i}/v /mnt/${i}/x`);
    steps.push(`mount -t overlay -o lowerdir=/usr,upperdir=/mnt/${i}/u,workdir=/mnt/${i}/w none /usr`);
    steps.push(`mount -t overlay -o lowerdir=/etc,upperdir=/mnt/${i}/v,workdir=/mnt/${i}/x none /etc`);
  }
  return ["unshare", "--mount", "sh", "-c", `${steps.join(" && ")} && exec "$@"`, "sh"];
};
for (const [depth, writable] of [
  [1, true],
  [2, false],
] as const) {
  asRoot(`works on a machine whose own folders are overlays, ${depth} deep`, () => {
    const image = hostImage({ hostname: "box", hosts: "127.0.0.1 nested\n" });
    const parts = image.source.parts.map((part) =>
      part.kind === "copy-on-write" ? { ...part, hidden: unreadableByOthers(part.from) } : part,
    );
    const outcome = runContainer({
      source: { ...image.source, parts },
      wrap: nested(depth),
      command:
        "cat /etc/hosts; cat /etc/shadow; ls -A /etc/ssl/private; id -un; touch /usr/x /etc/x 2> /dev/null && echo writable",
    });
    expect(outcome.error).toBeUndefined();
    expect(outcome.stdout).toBe(`127.0.0.1 nested\nroot\n${writable ? "writable\n" : ""}`);
  });
}

test("the host image says where it is weaker", () => {
  expect(hostImage().warnings.length).toBeLessThanOrEqual(1);
});
