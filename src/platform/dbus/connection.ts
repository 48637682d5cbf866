import { connect, type Socket } from "node:net";
import { HuskError } from "../error.ts";
import { decodeMessage, encodeCall, type Message, type MethodCall } from "./message.ts";

/**
 * SASL EXTERNAL without a name: who we are, the kernel tells the other side; a user id said here would be another one
 * inside of a user namespace. All of it is sent at once, since nothing depends on the answers but whether they are OK.
 */
const AUTHENTICATE = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";
/** Lines that answer it. */
const ANSWERS = 2;
const PATIENCE_MS = 30_000;

/** An error that the other side answered with, such as `org.freedesktop.systemd1.NoSuchUnit`. */
export class BusError extends Error {
  override readonly name: string;

  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** A connection to a D-Bus service or bus. */
export interface Bus {
  /** @throws BusError as answered; HuskError "failed" when the connection ends or nobody answers for 30 seconds */
  call(call: MethodCall): Promise<readonly unknown[]>;
  /** Waits for a signal that `matches`; register before what causes it is called. */
  signal(matches: (message: Message) => boolean): Promise<Message>;
  close(): void;
}

/** Connects to the unix socket at `path`. @throws HuskError "unavailable" when nobody answers there */
export async function connectBus(path: string): Promise<Bus> {
  const socket = connect(path);
  const connection = new Connection(socket, path);
  try {
    await connection.authenticated;
  } catch (cause) {
    socket.destroy();
    throw new HuskError("unavailable", `cannot connect to ${path}: ${(cause as Error).message}`, { cause });
  }
  return connection;
}

interface Waiting {
  readonly resolve: (message: Message) => void;
  readonly reject: (error: Error) => void;
}

class Connection implements Bus {
  readonly authenticated: Promise<void>;
  readonly #socket: Socket;
  readonly #path: string;
  readonly #calls = new Map<number, Waiting>();
  readonly #signals = new Map<(message: Message) => boolean, Waiting>();
  #serial = 0;
  #bytes = new Uint8Array(0);
  #failure: Error | undefined;

  constructor(socket: Socket, path: string) {
    this.#socket = socket;
    this.#path = path;
    this.authenticated = new Promise((resolve, reject) => {
      let isOpen = false;
      socket.on("data", (chunk: Uint8Array) => {
        this.#append(chunk);
        if (!isOpen) {
          const complaint = this.#readAnswers();
          if (complaint === undefined) return;
          if (complaint !== "") return reject(new Error(complaint));
          isOpen = true;
          resolve();
        }
        this.#readMessages();
      });
      const fail = (error: Error): void => {
        reject(error);
        this.#fail(error);
      };
      socket.on("error", fail);
      socket.on("close", () => fail(new Error("the connection was closed")));
      socket.write(AUTHENTICATE);
    });
  }

  async call(call: MethodCall): Promise<readonly unknown[]> {
    const serial = ++this.#serial;
    const what = `${call.interface}.${call.member}`;
    const answer = this.#wait(what, this.#calls, serial);
    this.#socket.write(encodeCall(serial, call));
    const { kind, errorName, body } = await answer;
    if (kind === "error") throw new BusError(errorName ?? "", String(body[0] ?? errorName));
    return body;
  }

  signal(matches: (message: Message) => boolean): Promise<Message> {
    return this.#wait("a signal", this.#signals, matches);
  }

  close(): void {
    this.#socket.destroy();
  }

  #wait<K>(what: string, waiting: Map<K, Waiting>, key: K): Promise<Message> {
    if (this.#failure !== undefined) return Promise.reject(this.#error(what, this.#failure));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => settle(() => reject(this.#error(what, new Error("nobody answers")))),
        PATIENCE_MS,
      );
      const settle = (then: () => void): void => {
        clearTimeout(timer);
        waiting.delete(key);
        then();
      };
      waiting.set(key, {
        resolve: (message) => settle(() => resolve(message)),
        reject: (error) => settle(() => reject(this.#error(what, error))),
      });
    });
  }

  #error(what: string, cause: Error): HuskError {
    return new HuskError("failed", `${what} at ${this.#path}: ${cause.message}`, { cause });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of [...this.#calls.values(), ...this.#signals.values()]) reject(error);
  }

  #append(chunk: Uint8Array): void {
    const bytes = new Uint8Array(this.#bytes.length + chunk.length);
    bytes.set(this.#bytes);
    bytes.set(chunk, this.#bytes.length);
    this.#bytes = bytes;
  }

  /** What is wrong with the answers to {@link AUTHENTICATE}; "" for nothing, undefined while they are not whole. */
  #readAnswers(): string | undefined {
    let from = 0;
    for (let line = 0; line < ANSWERS; line++) {
      const end = this.#bytes.indexOf(10, from);
      if (end < 0) return undefined;
      const text = new TextDecoder().decode(this.#bytes.subarray(from, end)).trim();
      if (!text.startsWith(line === 0 ? "DATA" : "OK")) return `not authenticated: ${text}`;
      from = end + 1;
    }
    this.#bytes = this.#bytes.slice(from);
    return "";
  }

  #readMessages(): void {
    try {
      for (let next = decodeMessage(this.#bytes); next !== undefined; next = decodeMessage(this.#bytes)) {
        this.#bytes = this.#bytes.slice(next.size);
        this.#take(next.message);
      }
    } catch (error) {
      this.#fail(error as Error);
      this.#socket.destroy();
    }
  }

  #take(message: Message): void {
    if (message.kind === "signal") {
      for (const [matches, waiting] of this.#signals) if (matches(message)) waiting.resolve(message);
    } else if (message.replySerial !== undefined) this.#calls.get(message.replySerial)?.resolve(message);
  }
}
