// Images and volumes from TypeScript; run on Bun and on Node (library-node.test.ts).
import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { HuskError, openEngine } from "../src/index.ts";
import { temporaryFolder } from "./harness/temporary.ts";

const open = () => openEngine({ root: temporaryFolder("root", 0o700), run: temporaryFolder("run", 0o700) });
const husk = await open();
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error instanceof HuskError ? error.code : (error as Error).name),
  );

const box = await husk.images.make("box", ["busybox"], {
  links: ["sh", "cat", "sleep", "id"],
  config: { Labels: { made: "here" }, Cmd: ["sh", "-c", "echo the usual"] },
});

test("an image of programs runs what it says, and what it is asked to", async () => {
  expect([box.names, box.labels]).toEqual([["box:latest"], { made: "here" }]);
  expect(box.id).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(text((await husk.run("box")).stdout)).toBe("the usual\n");
  const { stdout, exitCode } = await husk.run("box", ["sh", "-c", "cat; exit 3"], { stdin: "words" });
  expect([text(stdout), exitCode]).toEqual(["words", 3]);
});

test("list, get, inspect, history, tag, remove", async () => {
  expect((await husk.images.list({ labels: ["made=here"] })).map(({ id }) => id)).toContain(box.id);
  expect(await husk.images.list({ labels: ["made=there"] })).toEqual([]);
  expect((await husk.images.get(box.id.slice(7, 20))).digest).toBe(box.digest);
  expect(await husk.images.inspect("box")).toMatchObject({ Id: box.id, Os: "linux" });
  expect((await husk.images.history("box")).length).toBeGreaterThan(0);
  await husk.images.tag("box", "team/box:2");
  expect((await husk.images.get("team/box:2")).names).toEqual(["box:latest", "team/box:2"]);
  expect(await codeOf(husk.images.tag("box", `box@${box.digest}`))).toBe("invalid");
  expect(await husk.images.remove("team/box:2")).toEqual({ untagged: ["team/box:2"], deleted: undefined });
  expect(await codeOf(husk.images.get("team/box:2"))).toBe("not-found");
});

test("what makes no sense is refused, and leaves nothing that others stumble over", async () => {
  const stored = async () => [await husk.images.list(), (await husk.info()).storedImages];
  const before = await stored();
  const asked = [
    () => husk.images.make("none", []),
    () => husk.images.make("none", ["busybox"], { config: { Cmd: "sh" } as never }),
    () => husk.run("host", "true" as never),
    () => husk.run(undefined as never, ["true"]),
    () => husk.images.import(new Uint8Array(5)),
  ];
  for (const ask of asked) expect(await codeOf(ask())).toBe("invalid");
  expect(await stored()).toEqual(before);
});

test("an import that is given up rejects with the reason", async () => {
  const abort = new AbortController();
  const silent = (async function* () {
    yield new Uint8Array(512);
    setTimeout(() => abort.abort(new RangeError("enough")), 50);
    await new Promise(() => {});
  })();
  expect(await codeOf(husk.images.import(silent, { signal: abort.signal }))).toBe("RangeError");
});

test("a registry that does not run is called so at once", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const message = await husk.images.pull(`127.0.0.1:${port}/box`).catch((error: Error) => error.message);
  expect(message).toBe(`cannot reach 127.0.0.1:${port}: nothing listens there`);
});

test("an archive goes from one engine to another as a stream", async () => {
  const other = await open();
  const [loaded] = await other.images.load(husk.images.save("box"));
  expect([loaded?.id, loaded?.names]).toEqual([box.id, ["box:latest"]]);
  expect(text((await other.run("box", ["sh", "-c", "echo there"])).stdout)).toBe("there\n");
  const reader = husk.images.save("no-such-image").getReader();
  expect(await codeOf(reader.read())).toBe("not-found");
  const cancelled = husk.images.save("box");
  const first = cancelled.getReader();
  expect((await first.read()).done).toBe(false);
  await first.cancel();
  expect(await codeOf(other.images.load(new TextEncoder().encode("no archive at all")))).toBe("invalid");
});

test("what a container wrote becomes an image, by commit and by export and import", async () => {
  const container = await husk.containers.create("box", ["sh", "-c", "echo kept > /kept; id > /who"]);
  await container.start();
  expect(await container.wait()).toBe(0);
  const committed = await container.commit({ name: "box:committed", changes: ['CMD ["cat", "/kept"]'] });
  expect(committed.names).toEqual(["box:committed"]);
  expect(text((await husk.run("box:committed")).stdout)).toBe("kept\n");
  const imported = await husk.images.import(container.export(), { name: "box:imported" });
  expect(imported.names).toEqual(["box:imported"]);
  expect(text((await husk.run("box:imported", ["/bin/cat", "/kept"])).stdout)).toBe("kept\n");
  expect(await codeOf(husk.images.remove(box.id))).toBe("conflict");
  await container.remove();
  const { images } = await husk.images.prune({ all: true, names: ["box:imported"] });
  expect(images.map(({ untagged }) => untagged)).toEqual([["box:imported"]]);
});

test("a pull from a silent registry is given up at once", async () => {
  const server = createServer((connection) => void connection.unref());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const begun = performance.now();
  const pull = husk.images.pull(`127.0.0.1:${port}/box`, { signal: AbortSignal.timeout(300) });
  expect(await codeOf(pull)).toBe("TimeoutError");
  const run = husk.run(`127.0.0.1:${port}/box`, [], { signal: AbortSignal.timeout(300) });
  expect(await codeOf(run)).toBe("TimeoutError");
  expect(performance.now() - begun).toBeLessThan(4000);
  server.close();
});

test("volumes keep what containers write", async () => {
  const volume = await husk.volumes.create({ name: "things", labels: { kind: "test" } });
  const mounts = [{ type: "volume", name: "things", target: "/things" }] as const;
  expect((await husk.run("box", ["sh", "-c", "echo stays > /things/file"], { mounts })).exitCode).toBe(0);
  expect(text((await husk.run("box", ["cat", "/things/file"], { mounts })).stdout)).toBe("stays\n");
  expect((await husk.volumes.list()).map(({ name }) => name)).toContain("things");
  expect((await husk.volumes.get("things")).mountpoint).toBe(volume.mountpoint);
  expect(await husk.volumes.inspect("things")).toMatchObject({ Name: "things", Labels: { kind: "test" } });
  const user = await husk.containers.create("box", [], { mounts });
  expect(await codeOf(husk.volumes.remove("things"))).toBe("conflict");
  await user.remove();
  await husk.volumes.create();
  expect((await husk.volumes.prune()).removed).toHaveLength(1);
  await husk.volumes.remove("things");
  expect(await codeOf(husk.volumes.get("things"))).toBe("not-found");
});

test("volumes of a root file system of one's own are filled from it, links and all", async () => {
  const rootfs = temporaryFolder("rootfs");
  mkdirSync(`${rootfs}/etc/own`, { recursive: true });
  writeFileSync(`${rootfs}/etc/own/file`, "inside", { mode: 0o640 });
  symlinkSync("/etc", `${rootfs}/link`);
  const mounts = [
    { type: "volume", name: "direct", target: "/etc/own" },
    { type: "volume", name: "linked", target: "/link" },
  ] as const;
  await using container = await husk.containers.create({ rootfs }, ["/none"], { mounts });
  expect(container.record().options.mounts?.length).toBe(2);
  const [direct, linked] = [await husk.volumes.get("direct"), await husk.volumes.get("linked")];
  expect(readFileSync(`${direct.mountpoint}/file`, "utf8")).toBe("inside");
  expect(statSync(`${direct.mountpoint}/file`).mode & 0o777).toBe(0o640);
  // In there /etc has nothing else.
  expect(readdirSync(linked.mountpoint)).toEqual(["own"]);
});

test("the engine tells of itself", async () => {
  const info = await husk.info();
  expect([info.osType, info.root]).toEqual(["linux", husk.folders.root]);
  expect(info.runtime).toMatch(/^(Bun|Node) \d/);
  const { images, containers } = await husk.diskUsage();
  expect([images.count > 0, images.size > 0, containers.active]).toEqual([true, true, 0]);
  await husk.close();
});
