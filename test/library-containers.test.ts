// Containers that live on their own, from TypeScript; run on Bun and on Node (library-node.test.ts).
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type Container, type ContainerOptions, HuskError, openEngine } from "../src/index.ts";
import { needs } from "./harness/needs.ts";
import { temporaryFolder } from "./harness/temporary.ts";
import { waitFor } from "./harness/wait-for.ts";

const husk = await openEngine({ root: temporaryFolder("root", 0o700), run: temporaryFolder("run", 0o700) });
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);
const shell = (script: string, options: ContainerOptions = {}): Promise<Container> =>
  husk.containers.run("host", ["sh", "-c", script], options);
const logOf = async (container: Container): Promise<string> => {
  let all = "";
  for await (const chunk of container.logs()) all += `${chunk.stream}:${text(chunk.bytes)}`;
  return all;
};
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error instanceof HuskError ? error.code : (error as Error).name),
  );

test("created, started, waited for, read, removed", async () => {
  const container = await husk.containers.create("host", ["sh", "-c", "echo out; echo err >&2; exit 7"], {
    name: "whole-life",
    labels: { purpose: "test" },
  });
  expect([container.name, container.state().status]).toEqual(["whole-life", "created"]);
  expect(container.record().options.labels).toEqual({ purpose: "test" });
  expect(await container.start()).toEqual([]);
  expect(await container.wait()).toBe(7);
  expect(container.state()).toMatchObject({ status: "exited", exitCode: 7, pid: 0 });
  expect((await logOf(container)).split("\n").toSorted()).toEqual(["", "stderr:err", "stdout:out"]);
  expect(await container.inspect()).toMatchObject({ Name: "/whole-life", State: { ExitCode: 7 } });
  await container.remove();
  expect(existsSync(container.folder)).toBe(false);
  expect(await codeOf(container.wait())).toBe("not-found");
});

test("exec: input, output, exit code, environment; and one that goes on by itself", async () => {
  await using container = await shell("sleep 1000", { init: true });
  const done = await container.exec(["sh", "-c", "cat; echo $WORD >&2; exit 5"], {
    stdin: "in",
    env: ["WORD=w"],
  });
  expect([text(done.stdout), text(done.stderr), done.exitCode]).toEqual(["in", "w\n", 5]);
  const late = container.exec(["sleep", "1000"], { signal: AbortSignal.timeout(300) });
  expect(await codeOf(late)).toBe("TimeoutError");
  expect(await codeOf(container.exec(["no-such-program"]))).toBe("command-not-found");
  await container.spawn(["sh", "-c", "sleep 0.3; touch /tmp/came"], { detach: true });
  await waitFor(
    "the detached program",
    async () => (await container.exec(["test", "-e", "/tmp/came"])).exitCode === 0,
  );
  expect((await container.top(["-eo", "pid,args"])).lines.join("\n")).toContain("sleep 1000");
});

test("a program that is given up does not wait for what it has started", async () => {
  await using container = await shell("sleep 1000", { init: true });
  const began = performance.now();
  const script = ["sh", "-c", "sleep 30 & echo started; wait"];
  const late = container.exec(script, { signal: AbortSignal.timeout(300) });
  expect(await codeOf(late)).toBe("TimeoutError");
  const loud = container.exec(["sh", "-c", "sleep 30 & yes"], { maxOutput: 1000 });
  expect(await codeOf(loud)).toBe("failed");
  expect(performance.now() - began).toBeLessThan(10_000);
  const { ended } = await container.spawn(["sleep", "30"], { signal: AbortSignal.timeout(200) });
  expect(await ended).toMatchObject({ exitCode: 137, signal: 9 });
});

test("stop asks, kill does not; restart begins anew", async () => {
  await using container = await shell(
    "trap 'echo bye; exit 3' TERM; echo begin; while :; do sleep 0.05; done",
  );
  await waitFor("the first line", async () => (await logOf(container)).includes("begin"));
  await container.stop();
  expect([container.state().exitCode, (await logOf(container)).endsWith("bye\n")]).toEqual([3, true]);
  await container.restart();
  const first = container.state();
  expect(first.status).toBe("running");
  const ended = container.wait();
  await container.kill("KILL");
  expect(await ended).toBe(137);
  expect(await codeOf(container.kill("NO-SUCH-SIGNAL"))).toBe("invalid");
  expect(await codeOf(container.kill())).toBe("conflict");
});

test("several clients see the same, and write to the same input", async () => {
  await using container = await husk.containers.run("host", ["sh", "-c", "cat; exit 9"], {
    interactive: true,
  });
  await using watcher = await container.attach();
  await using writer = await container.attach({ input: true });
  expect([watcher.takesInput, writer.takesInput]).toEqual([false, true]);
  const watched = (async () => {
    let all = "";
    for await (const chunk of watcher.output()) all += text(chunk.bytes);
    return all;
  })();
  const input = writer.stdin.getWriter();
  await input.write(bytes("one\n"));
  await input.write(bytes("two\n"));
  await waitFor("the second line", async () => (await logOf(container)).includes("two"));
  await container.kill();
  expect(await watched).toBe("one\ntwo\n");
  expect(await writer.ended).toBe(137);
});

test("a terminal: its size, its output", async () => {
  await using container = await husk.containers.run("host", ["sh"], { interactive: true, tty: true });
  const client = await container.attach({ input: true, from: "start" });
  let shown = "";
  const reading = (async () => {
    for await (const chunk of client.output()) shown += text(chunk.bytes);
  })();
  await client.resize(40, 123);
  await client.write(bytes("stty size; exit 2\r"));
  expect(await client.ended).toBe(2);
  await reading;
  expect(shown).toContain("40 123");
});

test("logs are followed to the end, or until somebody has enough", async () => {
  await using container = await shell("for i in 1 2 3; do echo line $i; sleep 0.1; done");
  let all = "";
  for await (const chunk of container.logs({ follow: true })) all += text(chunk.bytes);
  expect(all).toBe("line 1\nline 2\nline 3\n");
  let last = "";
  for await (const chunk of container.logs({ tail: 1 })) last += text(chunk.bytes);
  expect(last).toBe("line 3\n");
  await using endless = await shell("echo begin; sleep 1000");
  let count = 0;
  for await (const { bytes } of endless.logs({ follow: true, signal: AbortSignal.timeout(400) }))
    count += bytes.length;
  expect(count).toBe("begin\n".length);
  expect(endless.state().status).toBe("running");
});

test("waiting and stopping can be given up; the container goes on", async () => {
  await using container = await shell("trap '' TERM; echo ready; while :; do sleep 0.1; done");
  await waitFor("the first line", async () => (await logOf(container)).includes("ready"));
  expect(await codeOf(container.wait({ signal: AbortSignal.timeout(200) }))).toBe("TimeoutError");
  expect(await codeOf(container.stop({ signal: AbortSignal.timeout(200) }))).toBe("TimeoutError");
  expect(container.state().status).toBe("running");
  expect(await codeOf(husk.containers.create("host", ["true"], { signal: AbortSignal.abort() }))).toBe(
    "AbortError",
  );
});

test("names: by name, by the beginning of an id, another name; each only once", async () => {
  await using container = await shell("sleep 1000", { name: "first-name" });
  expect(husk.containers.get("first-name").id).toBe(container.id);
  expect(husk.containers.get(container.id.slice(0, 10)).id).toBe(container.id);
  expect(await codeOf(husk.containers.create("host", ["true"], { name: "first-name" }))).toBe("conflict");
  await container.rename("second-name");
  expect(container.name).toBe("second-name");
  expect(() => husk.containers.get("first-name")).toThrow("No such container");
  expect(husk.containers.list().map(({ record }) => record.id)).toContain(container.id);
});

test("files go in and out of one that does not run, as paths and as archives, and diff tells of them", async () => {
  const command = ["sh", "-c", "cat /tmp/note; echo inside > /tmp/answer; mkdir /tmp/made"];
  await using container = await husk.containers.create("host", command);
  const folder = temporaryFolder("files");
  writeFileSync(`${folder}/note`, "from outside");
  await container.copyTo(`${folder}/note`, "/tmp/note");
  await container.start();
  expect([await container.wait(), await logOf(container)]).toEqual([0, "stdout:from outside"]);
  await container.copyFrom("/tmp/answer", `${folder}/answer`);
  expect(readFileSync(`${folder}/answer`, "utf8")).toBe("inside\n");
  const archive = new Uint8Array(await new Response(container.getArchive("/tmp/note")).arrayBuffer());
  await container.putArchive("/tmp/made", archive);
  await container.copyFrom("/tmp/made/note", `${folder}/again`);
  expect(readFileSync(`${folder}/again`, "utf8")).toBe("from outside");
  expect((await container.diff()).map(({ kind, path }) => `${kind} ${path}`)).toContain("A /tmp/made/note");
  const reader = container.getArchive("/tmp/no-such-file").getReader();
  expect(await codeOf(reader.read())).toBe("not-found");
});

needs({ root: true, controller: "freezer" })("files go in and out of one that runs", async () => {
  await using container = await shell("sleep 1000");
  const folder = temporaryFolder("files");
  writeFileSync(`${folder}/note`, "from outside");
  await container.copyTo(`${folder}/note`, "/tmp/note");
  expect(text((await container.exec(["cat", "/tmp/note"])).stdout)).toBe("from outside");
  await container.getArchive("/tmp/note").cancel();
  expect((await container.exec(["true"])).exitCode).toBe(0);
});

needs({ root: true, controller: "freezer" })(
  "whoever gives up reading an archive lets the container go on",
  async () => {
    await using container = await shell("head -c 3000000 /dev/zero > /tmp/big; sleep 1000");
    await waitFor(
      "the file",
      async () =>
        (await container.exec(["sh", "-c", "test $(stat -c %s /tmp/big) = 3000000"])).exitCode === 0,
    );
    const abort = new AbortController();
    const reader = container.getArchive("/tmp/big", { signal: abort.signal }).getReader();
    await reader.read();
    abort.abort();
    // Nobody reads any more; a frozen one would not answer.
    await waitFor("an answer", async () => {
      const answer = container.exec(["true"], { signal: AbortSignal.timeout(5000) });
      return (await codeOf(answer)) === "no error";
    });
    expect(await codeOf(reader.read())).toBe("AbortError");
  },
);

test("everything that waits can be given up", async () => {
  await using container = await husk.containers.create("host", ["true"]);
  const aborted = AbortSignal.abort();
  // Somebody else is at work on it.
  const held = container.getArchive("/etc/hostname").getReader();
  await held.read();
  const soon = { signal: AbortSignal.timeout(200) };
  const given = await Promise.all(
    [
      container.start(soon),
      container.pause(soon),
      container.unpause(soon),
      container.update({ restart: { kind: "always" } }, soon),
      container.rename("other", soon),
      container.remove(soon),
      container.fork(soon),
      container.apply(soon),
      container.copyTo("/etc/hostname", "/tmp", soon),
      container.copyFrom("/etc/hostname", "/tmp", soon),
      container.putArchive("/tmp", new Uint8Array(1024), soon),
      container.kill("KILL", { signal: aborted }),
    ].map(codeOf),
  );
  expect(new Set(given)).toEqual(new Set(["TimeoutError", "AbortError"]));
  await held.cancel();
  expect(container.state().status).toBe("created");
});

test("a fork goes its own way", async () => {
  await using first = await shell("echo one > /root-of-fork; sleep 1000", { rm: false });
  await waitFor("the file", async () => (await first.exec(["test", "-s", "/root-of-fork"])).exitCode === 0);
  await first.stop({ timeout: 0 });
  await using second = await first.fork({ name: "the-fork" });
  expect(second.state().status).toBe("created");
  expect((await first.diff()).map(({ kind, path }) => `${kind} ${path}`)).toContain("A /root-of-fork");
  await second.start();
  await second.exec(["sh", "-c", "echo two > /root-of-fork"]);
  await first.start();
  expect(text((await second.exec(["cat", "/root-of-fork"])).stdout)).toBe("two\n");
});

// What follows is done by this package's own program, which keepers start; on Node that takes its time.
const PATIENCE = 60_000;

needs({ root: true, controller: "freezer" })(
  "one that was killed just now is forked, and read, when it has ended",
  async () => {
    await using first = await shell("test -s /root-of-fork || echo one > /root-of-fork; sleep 1000");
    await waitFor("the file", async () => (await first.exec(["test", "-s", "/root-of-fork"])).exitCode === 0);
    const folder = temporaryFolder("files");
    for (const round of [0, 1, 2, 3]) {
      if (round > 0) await first.start();
      await first.kill();
      await using second = await first.fork();
      expect((await second.diff()).map(({ kind, path }) => `${kind} ${path}`)).toContain("A /root-of-fork");
      await first.start();
      await first.kill();
      await first.copyFrom("/root-of-fork", `${folder}/copy`);
      expect(readFileSync(`${folder}/copy`, "utf8")).toBe("one\n");
      await first.wait();
    }
  },
  PATIENCE,
);

test(
  "one with rm goes by itself",
  async () => {
    const gone = await shell("exit 0", { rm: true });
    await waitFor("its removal", () => !existsSync(gone.folder), PATIENCE);
  },
  PATIENCE,
);

test(
  "a restart policy holds",
  async () => {
    await using stubborn = await shell("echo once; exit 1", { restart: { kind: "on-failure", retries: 2 } });
    await waitFor("two restarts", async () => (await logOf(stubborn)).split("once").length === 4, PATIENCE);
  },
  PATIENCE,
);

test(
  "health is looked after",
  async () => {
    await using checked = await shell("sleep 1000", { health: { command: ["true"], interval: 100 } });
    await waitFor("a check", () => checked.state().health === "healthy", PATIENCE);
  },
  PATIENCE,
);

test("events tell what happened, in docker's words", async () => {
  const since = BigInt(Date.now()) * 1_000_000n;
  const container = await shell("exit 4", { name: "told-of" });
  await container.wait();
  await container.remove();
  const seen: string[] = [];
  for await (const event of husk.events({ since, until: BigInt(Date.now() + 50) * 1_000_000n }))
    if (event.Actor.ID === container.id) seen.push(event.Action);
  expect(seen).toEqual(["create", "start", "die", "destroy"]);
  const live = husk.events({ signal: AbortSignal.timeout(60_000) });
  const next = live.next();
  await (await husk.containers.create("host", ["true"])).remove();
  const { value } = await next;
  expect([value?.Type, value?.Action]).toEqual(["container", "create"]);
  await live.return();
});

test("prune removes what does not run, as far as it is asked to", async () => {
  const ended = await shell("exit 0", { labels: { old: "yes" } });
  await ended.wait();
  const other = await husk.containers.create("host", ["true"]);
  const { ids } = await husk.containers.prune(({ record }) => record.options.labels?.["old"] === "yes");
  expect(ids).toEqual([ended.id]);
  expect(husk.containers.list({ all: true }).map(({ record }) => record.id)).toContain(other.id);
  await other.remove();
});

needs({ root: true, controller: ["freezer", "memory", "pids"] })(
  "limits hold, change, and show; a paused container stands still",
  async () => {
    await using container = await shell("sleep 1000", { memory: 64 << 20, pidsLimit: 20 });
    for await (const usage of container.stats({ interval: 50 })) {
      expect(usage.memoryLimit).toBe(64 << 20);
      expect(usage.processes).toBeGreaterThan(0);
      break;
    }
    await container.update({ memory: 96 << 20 });
    for await (const usage of container.stats({ interval: 50 })) {
      expect(usage.memoryLimit).toBe(96 << 20);
      break;
    }
    await container.pause();
    expect(container.state().status).toBe("paused");
    expect(await codeOf(container.exec(["true"]))).toBe("conflict");
    await container.unpause();
    expect((await container.exec(["true"])).exitCode).toBe(0);
  },
);

test("a root file system of one's own can be exported", async () => {
  const rootfs = temporaryFolder("rootfs");
  mkdirSync(`${rootfs}/etc`);
  writeFileSync(`${rootfs}/etc/greeting`, "hello from the root");
  const container = await husk.containers.create({ rootfs }, ["/bin/true"]);
  const archive = text(new Uint8Array(await new Response(container.export()).arrayBuffer()));
  expect(archive).toContain("hello from the root");
  const stopped = container.export();
  await stopped.cancel();
  await container.remove();
});
