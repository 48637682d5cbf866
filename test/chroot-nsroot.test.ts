// What nsroot offers an ordinary user, with the faults of the original mended.
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  engine,
  findUser,
  husk,
  isRoot,
  makeJail,
  needs,
  run,
  temporaryFolder,
  userWithoutRanges,
  userWithRanges,
} from "./harness/index.ts";

const [uid, gid] = [process.getuid!(), process.getgid!()];
const ids = "cat /proc/self/uid_map /proc/self/gid_map | tr -s ' '";

describe("without privilege", () => {
  needs({ ordinaryUser: true })("S197: root of a jail, with the own rights outside", async () => {
    const jail = await makeJail(["bash", "id", "touch"]);
    const { status, stdout } = await husk(["chroot", jail, "bash", "-c", "id -u; touch /mine; exit 6"]);
    expect([status, stdout, statSync(join(jail, "mine")).uid]).toEqual([6, "0\n", uid]);
    expect((await husk(["chroot", "-v", "/etc:/mnt", jail, "touch", "/mnt/husk-test"])).stderr).toContain(
      "Permission denied",
    );
  });

  needs({ root: true, testUser: true })("S197: the same for a user whom root becomes", async () => {
    const jail = await makeJail(["id"]);
    const { stdout } = await engine(findUser(userWithRanges)).husk(["chroot", jail, "id", "-u"]);
    expect(stdout).toBe("0\n");
  });
});

describe("what is mounted", () => {
  test("S198: -v is read-only or not, as asked, and may be repeated", async () => {
    const jail = await makeJail(["bash", "touch", "ls"], ["mnt"]);
    const [readable, writable] = [temporaryFolder("readable"), temporaryFolder("writable")];
    const words = ["chroot", "-v", `${readable}:/mnt:ro`, "-v", `${writable}:/other:rw`, jail];
    const { status, stderr } = await husk([...words, "bash", "-c", "touch /other/test; touch /mnt/test"]);
    expect(status).toBe(1);
    expect(stderr).toContain("Read-only file system");
    expect([existsSync(join(readable, "test")), existsSync(join(writable, "test"))]).toEqual([false, true]);
  });

  test("S198: a link in the jail leads no mount out of it", async () => {
    const jail = await makeJail(["ls"]);
    const outside = temporaryFolder("outside");
    writeFileSync(join(outside, "file"), "");
    symlinkSync(outside, join(jail, "mnt"));
    const { status, stdout } = await husk(["chroot", "-v", `${outside}:/mnt`, jail, "ls", "/mnt/"]);
    expect(status === 0 ? stdout : "").not.toContain("passwd");
    expect((await run(["findmnt", "-n", outside])).status).not.toBe(0);
  });

  test("S198: a source that is not there is named, and not made", async () => {
    const jail = await makeJail(["ls"]);
    const { status, stderr } = await husk(["chroot", "-v", "/no/such/source:/mnt", jail, "ls"]);
    expect([status, stderr]).toEqual([125, expect.stringContaining("/no/such/source does not exist")]);
  });

  test("S199: --read-only keeps the jail as it is, --keep-old-root shows the host", async () => {
    const jail = await makeJail(["touch", "ls"], ["mnt", "old"]);
    const { status, stderr } = await husk(["chroot", "-r", jail, "touch", "/x"]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("Read-only file system")]);
    expect((await husk(["chroot", "-k", jail, "ls", "/mnt/etc/passwd"])).stdout).toBe("/mnt/etc/passwd\n");
    expect((await husk(["chroot", "-k", "-o", "/old", jail, "ls", "/old/etc/passwd"])).status).toBe(0);
    expect((await husk(["chroot", "-r", jail, "ls", "-A", "/mnt"])).stdout).toBe("");
    const nowhere = await husk(["chroot", "-k", "-o", "/nowhere", jail, "ls"]);
    expect(nowhere.stderr).toContain(`${jail} has no folder /nowhere for the old root`);
  });

  test("the umask stays the caller's", async () => {
    const jail = await makeJail(["bash"]);
    mkdirSync(join(jail, "data"));
    const { stdout } = await run(
      [
        "sh",
        "-c",
        'umask 027; exec "$@"',
        "sh",
        join(import.meta.dirname, "../dist/husk"),
        "chroot",
        "-r",
        jail,
        "bash",
        "-c",
        "umask",
      ],
      { env: { HUSK_ROOT: temporaryFolder("root", 0o700), HUSK_RUN: temporaryFolder("run", 0o700) } },
    );
    expect(stdout).toBe("0027\n");
  });
});

describe("S200: id maps", () => {
  const mapped = async (...flags: string[]): Promise<string> => {
    const jail = await makeJail(["bash", "cat", "tr"], ["proc"]);
    return (await husk(["chroot", ...flags, "-v", "/proc:/proc", jail, "bash", "-c", `echo $UID; ${ids}`]))
      .stdout;
  };

  needs({ ordinaryUser: true })("no map: root inside (nsroot leaves 65534)", async () => {
    expect(await mapped()).toBe(`0\n 0 ${uid} 1\n 0 ${gid} 1\n`);
  });

  test("nsroot's spelling with blanks, and docker's with colons; -G works too (nsroot: EPERM)", async () => {
    const expected = `0\n 0 ${uid} 1\n 0 ${gid} 1\n`;
    expect(await mapped("-M", `0 ${uid} 1`, "-G", `0 ${gid} 1`)).toBe(expected);
    expect(await mapped("--uid-map", `0:${uid}:1`, "--gid-map", `0:${gid}:1`)).toBe(expected);
    expect(await mapped("-M", `1000:${uid}:1`)).toBe(`1000\n 1000 ${uid} 1\n 0 ${gid} 1\n`);
  });

  needs({ root: true })("several maps with commas", async () => {
    expect(await mapped("-M", "0 100000 10,10 200000 5", "-G", "0 100000 10")).toBe(
      "0\n 0 100000 10\n 10 200000 5\n 0 100000 10\n",
    );
  });

  needs({ idRange: true, command: "newuidmap" })("a range, by newuidmap for an ordinary user", async () => {
    const first = isRoot ? 100000 : firstSubId();
    const map = `0:${first}:1000`;
    expect(await mapped("-M", map, "-G", map)).toBe(`0\n 0 ${first} 1000\n 0 ${first} 1000\n`);
  });

  needs({ testUser: true })("a user without ranges hears of /etc/subuid", async () => {
    const jail = await makeJail(["id"]);
    const { status, stderr } = await engine(findUser(userWithoutRanges)).husk([
      "chroot",
      "-M",
      "0:100000:65536",
      jail,
      "id",
    ]);
    expect(status).toBe(125);
    expect(stderr).toMatch(
      /\/etc\/subuid does not give the ids 100000 to 165535 to husk-test-single — .*usermod/,
    );
  });

  test("what is no map is refused with its flag", async () => {
    for (const value of ["0", "0:1", "a:b:c", "0:0:0", "0 0 1 1"]) {
      if (value === "0:1") continue;
      const { status, stderr } = await husk(["chroot", "-M", value, "/tmp", "true"]);
      expect([value, status, stderr]).toEqual([value, 125, expect.stringContaining("--uid-map")]);
    }
  });

  needs({ root: true })("--user is one of the jail's, and has to be mapped", async () => {
    const jail = await makeJail(["bash", "id"], ["etc"]);
    writeFileSync(join(jail, "etc/passwd"), "someone:x:1234:1235::/:/bin/bash\n");
    writeFileSync(join(jail, "etc/group"), "own:x:1235:\nmore:x:1236:someone\n");
    chmodSync(join(jail, "etc/passwd"), 0o644);
    const { stdout } = await husk(["chroot", "-u", "someone", jail, "id"]);
    expect(stdout).toBe("uid=1234(someone) gid=1235(own) groups=1235(own),1236(more)\n");
    const { stderr } = await husk([
      "chroot",
      "-u",
      "someone",
      "-M",
      "0:100000:10",
      "-G",
      "0:100000:10",
      jail,
      "id",
    ]);
    expect(stderr).toContain("uid 1234 is not mapped");
  });
});

describe("S201: a network of its own", () => {
  test("only a loopback device that is down; --network none is the same as -n", async () => {
    const jail = await makeJail(["cat"], ["proc"]);
    for (const flags of [["-n"], ["--network", "none"]]) {
      const { stdout } = await husk(["chroot", ...flags, "-v", "/proc:/proc", jail, "cat", "/proc/net/dev"]);
      const devices = stdout
        .trim()
        .split("\n")
        .slice(2)
        .map((line) => line.split(":")[0]!.trim());
      expect(devices).toEqual(["lo"]);
    }
  });

  needs({ command: "ip" })("-n -i: network and IPC are new, pid and hostname the host's", async () => {
    const jail = await makeJail(["ip", "readlink"], ["proc"]);
    const { stdout } = await husk(["chroot", "-ni", jail, "ip", "-o", "link"]);
    expect(stdout).toMatch(/^1: lo: <LOOPBACK> .*state DOWN/);
    expect(stdout.trim().split("\n").length).toBe(1);
    const kinds = ["net", "ipc", "pid", "uts"].map((kind) => `/proc/self/ns/${kind}`);
    const inside = (
      await husk(["chroot", "-ni", "-v", "/proc:/proc", jail, "readlink", ...kinds])
    ).stdout.split("\n");
    const outside = (await run(["readlink", ...kinds])).stdout.split("\n");
    expect(kinds.map((_, at) => inside[at] === outside[at])).toEqual([false, false, true, true]);
  });
});

function firstSubId(): number {
  const text = Bun.spawnSync(["sh", "-c", 'grep "^$(id -un):" /etc/subuid']).stdout.toString();
  return Number(text.split(":")[1]);
}
