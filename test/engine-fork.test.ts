// Fork: new containers that go on from what another one's files are.
import { afterEach, beforeEach, expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type Engine, engine, needs } from "./harness/index.ts";

const test = needs({ command: "busybox" });
let own: Engine;

beforeEach(async () => {
  own = engine();
  await own.husk(["image", "make", "-q", "box", "busybox", "--link", "sh,cat,echo,rm,sleep,ls,mkdir"]);
});
afterEach(async () => {
  const { stdout } = await own.husk(["ps", "-aq"]);
  const ids = stdout.split("\n").filter((id) => id !== "");
  if (ids.length > 0) await own.husk(["rm", "-f", "-v", ...ids]);
});

const out = (...args: string[]): Promise<string> => own.must(args);
const forks = (): string[] => (existsSync(`${own.root}/forks`) ? readdirSync(`${own.root}/forks`) : []);
/** The program of all of them: shows what is there and adds a line. */
const program = ["box", "sh", "-c", "cat /state 2>/dev/null; echo $HOSTNAME >> /state; rm -f /bin/ls"];

test("both go on from the same state, each on its own, and the layer goes with the last of them", async () => {
  await out("run", "--name", "first", "--hostname", "h", ...program);
  expect(await out("fork", "first", "second")).toMatch(/^[0-9a-f]{64}\n$/);
  expect(await out("ps", "-a", "--format", "{{.Names}} {{.State}}")).toBe("second created\nfirst exited\n");
  await out("start", "second");
  expect(await out("wait", "second")).toBe("0\n");
  expect(await out("logs", "second")).toBe("h\n");
  await out("start", "second");
  await out("wait", "second");
  expect(await out("logs", "second")).toBe("h\nh\nh\n");
  await out("start", "first");
  await out("wait", "first");
  expect(await out("logs", "first")).toBe("h\n");
  expect(await out("diff", "second")).toBe("A /etc\nA /state\nC /usr\nC /usr/bin\nD /usr/bin/ls\n");
  // Nothing new was written since: no further layer.
  const [layer] = forks();
  await out("fork", "second", "third");
  expect(forks()).toHaveLength(2);
  await out("fork", "third", "fourth");
  expect(forks()).toHaveLength(2);
  await out("rm", "first", "second");
  expect(forks()).toContain(layer as string);
  await out("rm", "third", "fourth");
  expect(forks()).toEqual([]);
});

needs({ command: "busybox", root: true })(
  "a running container is forked as it is at that moment and runs on",
  async () => {
    await out(
      "run",
      "-d",
      "--name",
      "live",
      "-v",
      "/own",
      "box",
      "sh",
      "-c",
      "echo 1 > /f; echo v > /own/f; while sleep 0.05; do echo x >> /g; done",
    );
    await out("exec", "live", "sh", "-c", "while ! cat /g 2>/dev/null; do sleep 0.05; done");
    await out("fork", "live", "copy");
    expect(await out("ps", "--format", "{{.Names}}")).toBe("live\n");
    await out("exec", "live", "sh", "-c", "echo later > /f; echo later > /own/f");
    await out("start", "copy");
    expect(await out("exec", "copy", "sh", "-c", "cat /f /own/f")).toBe("1\nv\n");
    expect(await out("exec", "live", "cat", "/f")).toBe("later\n");
  },
);

needs({ command: "busybox", root: true })(
  "files of a running container and of its own volume are of one moment, and nothing is half written",
  async () => {
    // A pair of files that are always written one after the other, and one that is truncated all the time.
    const write =
      "i=0; while :; do i=$((i+1)); echo $i > /own/f; echo $i > /f; echo $i$i$i$i > /own/g; sleep 0.01; done";
    await out("run", "-d", "--name", "live", "-v", "/own", "box", "sh", "-c", write);
    await out("exec", "live", "sh", "-c", "while ! cat /own/g 2>/dev/null; do sleep 0.05; done");
    for (let round = 0; round < 5; round++) {
      const copy = `copy${round}`;
      await out("fork", "live", copy);
      const read = async (path: string): Promise<number> => {
        const { stdout } = await own.husk(["cp", `${copy}:${path}`, "-"]);
        return Number(/\0(\d+)\n\0*/.exec(stdout)?.[1] ?? Number.NaN);
      };
      const [volume, root] = [await read("/own/f"), await read("/f")];
      // One of them may be just being written, and empty.
      if (Number.isNaN(volume) || Number.isNaN(root)) continue;
      expect([0, 1]).toContain(volume - root);
    }
  },
  120_000,
);

test("a fork that was killed before its layer was made loses nothing", async () => {
  await out("run", "--name", "first", "box", "sh", "-c", "cat /state 2>/dev/null; echo x >> /state");
  const id = (await out("ps", "-aq", "--no-trunc")).trim();
  const file = `${own.root}/containers/${id}/container.json`;
  const record = JSON.parse(readFileSync(file, "utf8")) as { source: { forks?: string[] } };
  record.source.forks = ["f".repeat(64)];
  writeFileSync(file, JSON.stringify(record));
  expect(await out("diff", "first")).toBe("A /etc\nA /state\n");
  await out("fork", "first", "second");
  await out("fork", "first", "third");
  for (const name of ["first", "second", "third"]) {
    await out("start", name);
    expect(await out("wait", name)).toBe("0\n");
    expect(await out("logs", name)).toEndWith("x\n");
  }
  await out("rm", "first", "second", "third");
  expect(forks()).toEqual([]);
});

test("where an overlay takes no more layers a fork gets a copy", async () => {
  await out("run", "--name", "first", "box", "sh", "-c", "cat /state 2>/dev/null; echo x >> /state");
  const id = (await out("ps", "-aq", "--no-trunc")).trim();
  const file = `${own.root}/containers/${id}/container.json`;
  const record = JSON.parse(readFileSync(file, "utf8")) as { source: { forks?: string[] } };
  // With the image's own one these are 500.
  record.source.forks = Array.from({ length: 499 }, (_, i) => `${i}`.padStart(64, "0"));
  for (const fork of record.source.forks) mkdirSync(`${own.root}/forks/${fork}`, { recursive: true });
  writeFileSync(file, JSON.stringify(record));
  await out("fork", "first", "second");
  expect(forks()).toHaveLength(499);
  for (const name of ["first", "second"]) {
    await out("start", name);
    expect(await out("wait", name)).toBe("0\n");
    expect(await out("logs", name)).toBe("x\n");
  }
});

test("containers with layers and volumes of their own are removed beside one that is damaged", async () => {
  await out("run", "--name", "first", "-v", "/own", "box", "sh", "-c", "echo x > /state");
  await out("fork", "first", "second");
  const damaged = (await out("create", "--name", "damaged", "box", "sh")).trim();
  writeFileSync(`${own.root}/containers/${damaged}/container.json`, "{");
  await out("rm", "-v", "first", "second");
  // Nobody knows what the damaged one stands on.
  expect(forks()).toHaveLength(1);
  await own.husk(["rm", "-f", damaged]);
  await out("run", "--name", "first", "box", "sh", "-c", "echo x > /state");
  await out("fork", "first", "second");
  await out("rm", "first", "second");
  expect(forks()).toEqual([]);
});

test("an image can be made of a fork, with all that was written before", async () => {
  await out("run", "--name", "first", "box", "sh", "-c", "echo one > /one; mkdir /d; echo gone > /gone");
  await out("fork", "first", "second");
  await out("cp", "-q", "/etc/hostname", "second:/d/two");
  await out("commit", "-c", 'CMD ["sh", "-c", "cat /one; ls /d"]', "second", "made:1");
  expect(await out("run", "--rm", "made:1")).toBe("one\ntwo\n");
});

test("a container of host is forked with what it changed", async () => {
  const script =
    "cat /etc/husk-fork 2>/dev/null; echo x > /etc/husk-fork; rm -rf /srv; test -d /srv || echo no srv";
  await out("run", "--name", "first", "host", "--", "sh", "-c", script);
  await out("fork", "first", "second");
  await out("start", "second");
  await out("wait", "second");
  expect(await out("logs", "second")).toBe("x\nno srv\n");
  expect(await out("diff", "second")).toContain("A /etc/husk-fork\n");
});

test("what a fork made a layer of is not lost from sight", async () => {
  await out("run", "--name", "first", "box", "sh", "-c", "cat /bin/sh /bin/sh > /big");
  const size = async (name: string): Promise<[number, number]> => {
    const [{ SizeRw, SizeRootFs }] = JSON.parse(await out("inspect", "-s", name)) as [Record<string, number>];
    return [SizeRw ?? 0, SizeRootFs ?? 0];
  };
  const [written, total] = await size("first");
  expect(written).toBeGreaterThanOrEqual(1000);
  await out("fork", "first", "second");
  expect(await size("second")).toEqual([0, total]);
});

test("what cannot be forked is refused", async () => {
  const missing = await own.husk(["fork", "nobody"]);
  expect(missing.stderr).toContain("No such container: nobody");
  await out("create", "--name", "first", ...program);
  await out("fork", "first", "second");
  const taken = await own.husk(["fork", "first", "second"]);
  expect(taken.stderr).toContain('"second" is already in use');
  expect(forks()).toEqual([]);
});
