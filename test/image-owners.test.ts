// Files of an ordinary user's containers that belong to further ids of that user (/etc/subuid) travel with their owners.
import { describe, expect } from "bun:test";
import { type Engine, engine, findUser, isRoot, needs, shell, userWithRanges } from "./harness/index.ts";

const test = needs({ testUser: true, command: ["busybox", "tar"] });

/** A container `one` with files of others that its user on this machine may not read. */
async function withOwners(own: Engine): Promise<void> {
  const links = "sh,cat,chown,chmod,mkdir,stat,sleep,rm";
  await own.husk(["image", "make", "-q", "box", "busybox", "--link", links]);
  const script = `mkdir /data; echo secret >/data/file; echo mine >/mine; chmod 600 /data/file; chmod 700 /data
    chown 1000:5 /data/file; chown 33:34 /data; echo up; sleep 100`;
  const { status, stderr } = await own.husk(["run", "-d", "--name", "one", "box", "sh", "-c", script]);
  expect([status, stderr]).toEqual([0, ""]);
  for (let tries = 0; (await own.husk(["logs", "one"])).stdout !== "up\n"; tries++) {
    expect(tries).toBeLessThan(100);
    await Bun.sleep(50);
  }
}

const look = ["sh", "-c", "stat -c '%u:%g %a' /data /data/file /mine; cat /data/file"];
const seen = "33:34 700\n1000:5 600\n0:0 644\nsecret\n";

describe("an ordinary user's files of other owners", () => {
  test("are in images, archives and forks of a container", async () => {
    const own = engine(isRoot ? findUser(userWithRanges) : undefined);
    await withOwners(own);
    const done = async (...args: string[]): Promise<string> => {
      const { status, stdout, stderr } = await own.husk(args);
      expect([args.join(" "), status, stderr]).toEqual([args.join(" "), 0, ""]);
      return stdout;
    };
    // Where its control groups cannot freeze it, a running one is refused.
    await done("kill", "one");
    await own.husk(["wait", "one"]);
    await done("commit", "one", "mine:1");
    expect(await done("run", "--rm", "mine:1", ...look)).toBe(seen);
    const archive = `${own.root}/export.tar`;
    await done("export", "-o", archive, "one");
    const { stdout } = await shell(`tar --numeric-owner -tvf ${archive}`);
    expect(stdout).toMatch(/^drwx------ 33\/34 .* data\/$/m);
    expect(stdout).toMatch(/^-rw------- 1000\/5 .* data\/file$/m);
    expect(stdout).toMatch(/^-rw-r--r-- 0\/0 .* mine$/m);
    await done("fork", "one", "two");
    await done("start", "two");
    expect(await done("exec", "two", ...look)).toBe(seen);
    await done("rm", "-f", "one", "two");
  }, 120_000);
});
