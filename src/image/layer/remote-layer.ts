import { type ErrorCode, HuskError } from "../../platform/error.ts";
import type { KeeperTools } from "./keeper-work.ts";
import type { UnpackedLayer } from "./layer-stream.ts";
import type { UnpackOptions } from "./unpack.ts";

/** What takes a layer's bytes. */
export interface LayerSink {
  write(bytes: Uint8Array): Promise<void>;
  finish(): Promise<UnpackedLayer>;
  /** Lets go of everything; nothing is written any more when it resolves. */
  abandon(): void | Promise<void>;
}

/** A thread that unpacks layers ({@link serveLayer}): the part of the Web's Worker that is needed. */
export interface LayerWorker {
  postMessage(message: ToWorker, transfer: []): void;
  addEventListener(kind: "message", listener: (event: { readonly data: FromWorker }) => void): void;
  addEventListener(kind: "error", listener: (event: { readonly message: string }) => void): void;
  terminate(): void;
}

export type ToWorker =
  | {
      readonly kind: "open";
      readonly folder: string;
      readonly options: Omit<UnpackOptions, "warn" | "change">;
      readonly tools: KeeperTools;
    }
  | { readonly kind: "write"; readonly bytes: Uint8Array }
  | { readonly kind: "finish" | "abandon" };

export type FromWorker =
  | { readonly kind: "took"; readonly bytes: number }
  | { readonly kind: "warning"; readonly message: string }
  | { readonly kind: "finished"; readonly layer: UnpackedLayer }
  | { readonly kind: "abandoned" }
  | {
      readonly kind: "failed";
      readonly code: ErrorCode | undefined;
      readonly message: string;
      readonly hint: string | undefined;
    };

/** Bytes on their way to the thread. */
const WINDOW = 1 << 20;

/** Unpacks a layer in another thread, so that layers that come in together are unpacked together. */
export class RemoteLayer implements LayerSink {
  readonly #worker: LayerWorker;
  #waiting = 0;
  #failure: Error | undefined;
  #wake: () => void = () => {};
  #finished: UnpackedLayer | undefined;
  #isAbandoned = false;

  constructor(worker: LayerWorker, folder: string, options: UnpackOptions, tools: KeeperTools) {
    this.#worker = worker;
    const { warn, change: _, ...rest } = options;
    worker.addEventListener("message", ({ data }) => {
      if (data.kind === "took") this.#waiting -= data.bytes;
      else if (data.kind === "warning") warn(data.message);
      else if (data.kind === "finished") this.#finished = data.layer;
      else if (data.kind === "abandoned") this.#isAbandoned = true;
      else this.#failure ??= failureOf(data);
      this.#wake();
    });
    worker.addEventListener("error", ({ message }) => {
      this.#failure ??= new HuskError("failed", `a thread that unpacks a layer ended: ${message}`);
      this.#isAbandoned = true;
      this.#wake();
    });
    worker.postMessage({ kind: "open", folder, options: rest, tools }, []);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#waiting += bytes.length;
    this.#worker.postMessage({ kind: "write", bytes }, []);
    await this.#until(() => this.#waiting <= WINDOW);
  }

  async finish(): Promise<UnpackedLayer> {
    this.#worker.postMessage({ kind: "finish" }, []);
    await this.#until(() => this.#finished !== undefined);
    this.#worker.terminate();
    return this.#finished as UnpackedLayer;
  }

  async abandon(): Promise<void> {
    this.#worker.postMessage({ kind: "abandon" }, []);
    while (!this.#isAbandoned) await this.#next();
    this.#worker.terminate();
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (this.#failure === undefined && !isSo()) await this.#next();
    if (this.#failure !== undefined) throw this.#failure;
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function failureOf({ code, message, hint }: Extract<FromWorker, { kind: "failed" }>): Error {
  if (code === undefined) return new Error(message);
  return new HuskError(code, message, hint === undefined ? {} : { hint });
}
