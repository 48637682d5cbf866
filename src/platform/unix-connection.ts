import { closeSync, openSync } from "node:fs";
import { HuskError } from "./error.ts";
import { utf8 } from "./utf8.ts";

/** A connection to a unix stream socket. */
export interface UnixConnection {
  /** Resolves when the kernel has taken all of it; rejects with HuskError "failed" when the other end is gone. */
  write(bytes: Uint8Array): Promise<void>;
  close(): void;
}

/** What happens to a connection. */
export interface UnixConnectionEvents {
  received(bytes: Uint8Array): void;
  /** Once, whoever closed it. */
  closed(): void;
}

const SUN_PATH = 108;
const O_PATH_DIRECTORY = 0o10200000;

/**
 * Connects to a unix socket, whose path may be longer than an address has room for.
 *
 * @throws HuskError "not-found" when nobody listens there
 */
export async function connectUnix(path: string, events: UnixConnectionEvents): Promise<UnixConnection> {
  let folder: number | undefined;
  let address = path;
  try {
    if (utf8.encode(path).length >= SUN_PATH) {
      const slash = path.lastIndexOf("/");
      folder = openSync(path.slice(0, slash), O_PATH_DIRECTORY);
      address = `/proc/self/fd/${folder}${path.slice(slash)}`;
    }
    return await (typeof Bun === "undefined"
      ? connectOnNode(address, events)
      : connectOnBun(address, events));
  } catch (cause) {
    throw new HuskError("not-found", `nobody listens at ${path}`, { cause });
  } finally {
    if (folder !== undefined) closeSync(folder);
  }
}

const gone = (): HuskError => new HuskError("failed", "the other end closed the connection");

/** What is waiting to be written; Bun takes as much as there is room for, and says when there is more. */
interface Waiting {
  bytes: Uint8Array;
  readonly done: () => void;
  readonly failed: (error: HuskError) => void;
}

async function connectOnBun(unix: string, events: UnixConnectionEvents): Promise<UnixConnection> {
  const waiting: Waiting[] = [];
  let open = true;
  const flush = (): void => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const written = socket.write(next.bytes);
      next.bytes = next.bytes.subarray(Math.max(written, 0));
      if (next.bytes.length > 0) return;
      waiting.shift();
      next.done();
    }
  };
  const socket = await Bun.connect({
    unix,
    socket: {
      data: (_, bytes) => events.received(bytes),
      drain: flush,
      close: () => {
        open = false;
        for (const { failed } of waiting.splice(0)) failed(gone());
        events.closed();
      },
      // Without these Bun prints errors of a connection; `close` follows.
      error: () => {},
      end: (ending) => void ending.end(),
    },
  });
  return {
    write: (bytes) =>
      new Promise((done, failed) => {
        if (!open) return failed(gone());
        waiting.push({ bytes, done, failed });
        if (waiting.length === 1) flush();
      }),
    close: () => void socket.end(),
  };
}

async function connectOnNode(path: string, events: UnixConnectionEvents): Promise<UnixConnection> {
  const { connect } = await import("node:net");
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject).on("error", () => {});
      socket.on("data", (bytes: Uint8Array) => events.received(bytes)).once("close", () => events.closed());
      resolve({
        write: (bytes) =>
          new Promise((done, failed) => {
            socket.write(bytes, (error) => (error ? failed(gone()) : done()));
          }),
        close: () => void socket.destroy(),
      });
    });
  });
}
