import { once } from "node:events";
import { createGunzip, createZstdDecompress, type Gunzip } from "node:zlib";
import { HuskError } from "../../platform/error.ts";
import { startHash } from "../../platform/hash.ts";
import { type ByteString, type TarEntry, type TarHandler, TarReader } from "../tar/index.ts";
import { compressionOfBytes, MAGIC_BYTES } from "./compression.ts";
import { finishLayer, type KeeperTools } from "./keeper-work.ts";
import { writeLostMarks } from "./lost-marks.ts";
import { LayerUnpacker, type UnpackOptions } from "./unpack.ts";

/** Decompressed pieces are of this size: larger ones mean fewer turns between threads. */
const PIECE = 1 << 18;

/** What an unpacked layer is. */
export interface UnpackedLayer {
  readonly diffId: string;
  /** Bytes of all files. */
  readonly size: number;
}

/**
 * Unpacks a layer while it comes in: decompressed (gzip, zstd or not at all, told by its first bytes), hashed and
 * written in one pass.
 */
export class LayerStream {
  readonly #folder: string;
  readonly #options: UnpackOptions;
  readonly #tools: KeeperTools;
  readonly #unpacker: LayerUnpacker;
  readonly #reader: TarReader;
  readonly #hash = startHash("sha256");
  #size = 0;
  #decompressor: Gunzip | undefined;
  #ended: Promise<unknown> | undefined;
  /** All pieces that came out of the decompressor are written. */
  #written: Promise<void> = Promise.resolve();
  #start: Uint8Array = new Uint8Array();
  #isPlain: boolean;
  #failure: unknown;

  /** @param compression "detect": what the first bytes say */
  constructor(
    folder: string,
    options: UnpackOptions,
    tools: KeeperTools,
    compression: "detect" | "none" = "detect",
  ) {
    this.#isPlain = compression === "none";
    this.#folder = folder;
    this.#options = options;
    this.#tools = tools;
    const unpacker = new LayerUnpacker(folder, options);
    this.#unpacker = unpacker;
    const handler: TarHandler = {
      entry: (entry: TarEntry) => {
        this.#size += entry.size;
        unpacker.entry(options.change?.(entry) ?? entry);
      },
      data: (bytes, offset) => unpacker.data(bytes, offset),
      end: () => unpacker.end(),
    };
    this.#reader = new TarReader(handler);
  }

  /** Takes the next piece, which must not be changed afterwards; resolves when there is room for another. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    let piece = bytes;
    if (this.#decompressor === undefined && !this.#isPlain) {
      piece = this.#start.length === 0 ? bytes : Buffer.concat([this.#start, bytes]);
      this.#start = piece;
      if (piece.length < MAGIC_BYTES) return;
      this.#begin(piece);
    }
    await this.#pass(piece);
  }

  /**
   * All has come: completes the layer.
   *
   * @throws HuskError "invalid" for an archive that is cut off or malformed
   */
  async finish(): Promise<UnpackedLayer> {
    if (this.#decompressor === undefined && !this.#isPlain) {
      this.#isPlain = true;
      await this.#pass(this.#start);
    }
    this.#decompressor?.end();
    await this.#ended;
    await this.#written;
    if (this.#failure !== undefined) throw this.#failure;
    this.#reader.close();
    const left = this.#unpacker.close();
    const { warn, lostMarks } = this.#options;
    const beside = (paths: readonly ByteString[]): void => writeLostMarks(this.#folder, paths);
    await finishLayer(this.#folder, left, this.#tools, warn, lostMarks && beside);
    return { diffId: `sha256:${this.#hash.hex()}`, size: this.#size };
  }

  /** Lets go of everything, after a failure. */
  abandon(): void {
    this.#failure ??= new Error("abandoned");
    this.#decompressor?.destroy();
    this.#unpacker.abandon();
  }

  #begin(start: Uint8Array): void {
    const kind = compressionOfBytes(start, "a layer");
    if (kind === "none") {
      this.#isPlain = true;
      return;
    }
    const options = { chunkSize: PIECE };
    const stream =
      kind === "gzip" ? createGunzip(options) : (createZstdDecompress(options) as unknown as Gunzip);
    const write = (piece: Uint8Array): void => {
      if (this.#failure !== undefined) return;
      try {
        this.#take(piece);
      } catch (error) {
        this.#failure = error;
        stream.destroy();
      }
    };
    // Not at once: the decompressor's thread begins with the next piece first. What comes of that is heard of only when
    // this thread has nothing else to do, so that one piece waits at most.
    stream.on("data", (piece: Uint8Array) => {
      this.#written = this.#written.then(() => write(piece));
    });
    this.#ended = new Promise((resolve) => {
      stream.once("end", resolve).once("close", resolve);
      stream.once("error", (cause: Error) => {
        this.#failure ??= new HuskError("invalid", `a compressed layer cannot be read: ${cause.message}`, {
          cause,
          hint: "the layer is damaged: get it again",
        });
        resolve(undefined);
      });
    });
    this.#decompressor = stream;
  }

  async #pass(bytes: Uint8Array): Promise<void> {
    const stream = this.#decompressor;
    if (stream === undefined) return this.#take(bytes);
    if (stream.write(bytes)) return;
    await Promise.race([once(stream, "drain"), this.#ended]);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #take(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#reader.write(bytes);
  }
}
