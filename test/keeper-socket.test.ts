// The keeper's socket: what clients can ask, and that none of them disturbs a container.
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import {
  attachToContainer,
  keeperStatus,
  resizeContainer,
  signalContainer,
  stopContainer,
  waitForContainer,
} from "../src/platform/keeper-socket.ts";
import {
  asUser,
  findUser,
  isSoak,
  needs,
  processStat,
  run,
  temporaryFolder,
  userWithoutRanges,
  waitFor,
} from "./harness/index.ts";
import { endKept, keep } from "./kept-container.ts";

afterAll(endKept);

const rawConnection = (path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(path, () => resolve(socket)).once("error", reject);
    socket.on("error", () => {});
  });
const request = (verb: number, a = 0, b = 0): Uint8Array =>
  new Uint8Array(Uint32Array.of(0x42525648, 1 | (verb << 16), a, b).buffer);

test("status, a signal, and waiting for the end", async () => {
  const container = await keep("trap 'echo got it; exit 3' TERM; echo ready; while :; do sleep 0.05; done");
  await container.report();
  expect(statSync(container.socket).mode & 0o7777).toBe(0o600);
  const { pid, state } = await keeperStatus(container.socket);
  expect([state, processStat(pid)?.parent]).toEqual(["running", container.keeper()]);
  await waitFor("its trap", () => container.logged().includes("ready"));
  const waiting = Promise.all(Array.from({ length: 10 }, () => waitForContainer(container.socket)));
  await signalContainer(container.socket, 15);
  await waiting;
  // Who has waited finds the record written.
  expect(container.exit()).toMatchObject({ state: "ended", exitCode: 3 });
  expect(container.logged()).toBe("ready\ngot it\n");
  await container.ended();
  await expect(keeperStatus(container.socket)).rejects.toMatchObject({ code: "not-found" });
});

test("waiting can be given up", async () => {
  const container = await keep("sleep 100");
  await container.report();
  const abort = new AbortController();
  const waiting = waitForContainer(container.socket, abort.signal);
  setTimeout(() => abort.abort(new Error("enough")), 50);
  await expect(waiting).rejects.toThrow("enough");
  // Also while it connects.
  const hasty = new AbortController();
  const connecting = waitForContainer(container.socket, hasty.signal);
  hasty.abort(new Error("at once"));
  await expect(connecting).rejects.toThrow("at once");
  await signalContainer(container.socket, 9);
  await container.ended();
});

test("requests that make no sense are refused by name", async () => {
  const container = await keep("sleep 100");
  await container.report();
  await expect(signalContainer(container.socket, 65)).rejects.toMatchObject({ code: "invalid" });
  await expect(resizeContainer(container.socket, 10, 10)).rejects.toMatchObject({ code: "invalid" });
  const newer = await rawConnection(container.socket);
  newer.write(new Uint8Array(Uint32Array.of(0x42525648, 2 | (1 << 16), 0, 0).buffer));
  const answer = await new Promise<Buffer>((resolve) => newer.once("data", resolve));
  expect([answer.readInt32LE(4), answer.readUInt32LE(8)]).toEqual([-93, 1]);
  const unknown = await rawConnection(container.socket);
  unknown.write(request(99));
  expect((await new Promise<Buffer>((resolve) => unknown.once("data", resolve))).readInt32LE(4)).toBe(-38);
  newer.destroy();
  unknown.destroy();
  await stopContainer(container.socket, 9);
  expect(await container.ended()).toMatchObject({ exitCode: 137, stopped: true });
});

describe("clients that are slow, silent or hostile", () => {
  test("do not disturb the container, nor others", async () => {
    const folder = temporaryFolder("go-on");
    const script = `i=0; while [ $i -lt 200 ]; do echo $i; i=$((i + 1)); sleep 0.01; done
      until [ -e ${folder}/end ]; do sleep 0.02; done`;
    const container = await keep(script, {
      run: { mounts: [{ type: "bind", source: folder, target: folder }] },
      supervision: { input: true },
    });
    await container.report();
    let seed = Number(process.env.HUSK_SEED ?? Date.now() % 1e9);
    console.log(`seed ${seed}`);
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      return (seed >> 8) % below;
    };
    const sockets: Socket[] = [];
    const rounds = isSoak ? 2000 : 150;
    for (let round = 0; round < rounds; round++) {
      const socket = await rawConnection(container.socket);
      sockets.push(socket);
      const garbage = Uint8Array.from({ length: random(100) }, () => random(256));
      switch (random(5)) {
        case 0: // says nothing
          break;
        case 1: // nonsense
          socket.write(garbage);
          break;
        case 2: // stops in the middle of a request
          socket.write(request(1).subarray(0, random(16)));
          break;
        case 3: // attached, then nonsense; never reads
          socket.pause().write(request(4, random(2)));
          socket.write(garbage);
          break;
        default: // attached, announces 4 GiB of input, and goes
          socket.write(request(4, 1));
          socket.write(Uint8Array.of(1, 0, 0, 0, 255, 255, 255, 255, 120));
          socket.destroy();
      }
      if (round % 10 === 0) expect((await keeperStatus(container.socket)).state).toBe("running");
    }
    writeFileSync(join(folder, "end"), "");
    await waitForContainer(container.socket);
    const exit = await container.ended();
    for (const socket of sockets) socket.destroy();
    expect(exit.exitCode).toBe(0);
    expect(container.logged()).toBe(Array.from({ length: 200 }, (_, i) => `${i}\n`).join(""));
  });

  test("who does not ask gives way to who does; who waits does not", async () => {
    const container = await keep("sleep 100");
    await container.report();
    const silent = Array.from({ length: 70 }, () => rawConnection(container.socket).catch(() => undefined));
    await Promise.all(silent);
    expect((await keeperStatus(container.socket)).state).toBe("running");
    for (const socket of await Promise.all(silent)) socket?.destroy();
    const waiting = Array.from({ length: 56 }, () => waitForContainer(container.socket));
    // Two answers to somebody who came later: by then it has read what those before had to say.
    for (let i = 0; i < 2; i++) await keeperStatus(container.socket);
    await expect(waitForContainer(container.socket)).rejects.toThrow("too many clients");
    expect((await keeperStatus(container.socket)).state).toBe("running");
    process.kill(Number(readFileSync(join(container.folder, "pid"), "latin1")), "SIGKILL");
    await Promise.all(waiting);
    expect((await container.ended()).exitCode).toBe(137);
  });

  needs({ testUser: true, command: "perl" })("other users are turned away", async () => {
    const folder = temporaryFolder("open");
    const container = await keep("sleep 100", { folder });
    await container.report();
    chmodSync(folder, 0o777);
    chmodSync(container.socket, 0o777);
    const script = `use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$!";
      local $SIG{PIPE} = "IGNORE"; print $s pack("VVVV", 0x42525648, 1 | 2 << 16, 9, 0); $s->flush; my $n = read($s, my $answer, 16);
      print $n, " ", unpack("l<", substr($answer, 4, 4)), "\\n";`;
    const { stdout } = await run(
      asUser(findUser(userWithoutRanges)!, ["perl", "-e", script, container.socket]),
    );
    expect(stdout).toBe("16 -1\n");
    expect((await keeperStatus(container.socket)).state).toBe("running");
    await signalContainer(container.socket, 9);
    await container.ended();
  });
});

describe("attached clients", () => {
  test("give input together, are told when output is there, and the end of input can be passed on", async () => {
    const container = await keep("cat", { supervision: { input: true, inputOnce: true } });
    await container.report();
    let pokes = 0;
    const clients = await Promise.all(
      Array.from({ length: 4 }, () =>
        attachToContainer(container.socket, {
          input: true,
          grown: () => {
            pokes++;
          },
        }),
      ),
    );
    expect(clients.map((client) => client.takesInput)).toEqual([true, true, true, true]);
    for (const [i, client] of clients.entries()) await client.write(Buffer.from(`client ${i}\n`));
    await waitFor("the echo", () => container.logged().split("\n").length === 5);
    expect(container.logged().trim().split("\n").toSorted()).toEqual(
      Array.from({ length: 4 }, (_, i) => `client ${i}`),
    );
    await waitFor("word of it", () => pokes >= 4);
    await clients[0]!.end();
    await Promise.all(clients.map((client) => client.ended));
    expect((await container.ended()).exitCode).toBe(0);
  });

  test("input arrives complete, however slowly it is read", async () => {
    const container = await keep("sleep 0.3; sha256sum", { supervision: { input: true, inputOnce: true } });
    await container.report();
    const client = await attachToContainer(container.socket, { input: true, grown: () => {} });
    const bytes = crypto.getRandomValues(new Uint8Array(50_000));
    const hasher = new Bun.CryptoHasher("sha256");
    for (let i = 0; i < 40; i++) {
      hasher.update(bytes);
      await client.write(bytes);
    }
    await client.end();
    await client.ended;
    await container.ended();
    expect(container.logged()).toBe(`${hasher.digest("hex")}  -\n`);
  });

  test("with -d -i input stays open when a client ends its own", async () => {
    const container = await keep("cat", { supervision: { input: true } });
    await container.report();
    for (const word of ["one", "two"]) {
      const client = await attachToContainer(container.socket, { input: true, grown: () => {} });
      await client.write(Buffer.from(`${word}\n`));
      await client.end();
      await waitFor(word, () => container.logged().includes(word));
      client.close();
    }
    await signalContainer(container.socket, 9);
    expect((await container.ended()).exitCode).toBe(137);
  });

  test("without open input none is taken", async () => {
    const container = await keep("cat; sleep 1000");
    await container.report();
    const client = await attachToContainer(container.socket, { input: true, grown: () => {} });
    expect(client.takesInput).toBe(false);
    await signalContainer(container.socket, 9);
    await client.ended;
    expect((await container.ended()).exitCode).toBe(137);
  });

  test("a terminal is typed at and resized", async () => {
    const container = await keep("read line; echo got $line; stty size; read line; stty size", {
      run: { tty: true },
      supervision: { input: true },
    });
    await container.report();
    const client = await attachToContainer(container.socket, { input: true, grown: () => {} });
    await client.resize(33, 101);
    await client.write(Buffer.from("hello\r"));
    await waitFor("the first size", () => container.logged().includes("33 101"));
    await resizeContainer(container.socket, 44, 102);
    await client.write(Buffer.from("\r"));
    await client.ended;
    await container.ended();
    expect(container.logged()).toContain("got hello\r\n33 101\r\n");
    expect(container.logged()).toEndWith("44 102\r\n");
  });

  test("a program that has closed its input is not bothered by more", async () => {
    const folder = temporaryFolder("go-on");
    const script = `exec <&-; until [ -e ${folder}/end ]; do sleep 0.02; done; echo end`;
    const container = await keep(script, {
      run: { mounts: [{ type: "bind", source: folder, target: folder }] },
      supervision: { input: true },
    });
    await container.report();
    const client = await attachToContainer(container.socket, { input: true, grown: () => {} });
    for (let i = 0; i < 20; i++) await client.write(new Uint8Array(20_000)).catch(() => {});
    writeFileSync(join(folder, "end"), "");
    await client.ended;
    expect((await container.ended()).exitCode).toBe(0);
    expect(container.logged()).toBe("end\n");
  });
});
