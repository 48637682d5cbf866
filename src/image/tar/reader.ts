import { HuskError } from "../../platform/error.ts";
import { displayName, type ByteString, type TarEntry, type TarExtent } from "./entry.ts";
import { BLOCK, FIELD, type Header, isZero, parseHeader } from "./header.ts";
import { makeEntry } from "./make-entry.ts";
import { readNumber } from "./number.ts";
import { latin1, parseRecords } from "./pax.ts";
import {
  areValidExtents,
  hasMoreMap,
  parseMap,
  readMapEntries,
  readSparseRecords,
  type SparseRecords,
} from "./sparse.ts";

/** Is told what is in an archive, in its order. Pieces of content are valid only during the call. */
export interface TarHandler {
  entry(entry: TarEntry): void;
  /** A piece of a file's content; what no piece covers is zeros (sparse files). */
  data(bytes: Uint8Array, offset: number): void;
  /** The entry is whole. */
  end(): void;
}

type State = "header" | "body" | "old-map" | "new-map" | "data" | "padding" | "end";
type Record = [ByteString, ByteString];

/** Longest extended header or long name, as Go's archive/tar has it. */
const LONGEST_BODY = 1 << 20;
const LONGEST_MAP = 8 << 20;
const NEWLINE = 0x0a;

/**
 * Reads a tar archive piece by piece: ustar, PAX without global headers, GNU long names and links, base 256, and all
 * four forms of sparse files. Where programs differ it reads as Go's archive/tar, so that no archive has another
 * meaning here than in other container engines.
 */
export class TarReader {
  readonly #handler: TarHandler;
  #state: State = "header";
  /** Bytes read before the current chunk. */
  #offset = 0;
  /** Where the current header block begins. */
  #headerAt = 0;
  #name: ByteString | undefined;

  /** A block, body or map that came in pieces; filled up to #held. */
  #buffer = new Uint8Array(BLOCK);
  #held = 0;
  #needed = BLOCK;

  #bodyType = "";
  #bodyPadding = 0;
  #records: Record[] = [];
  #longName: ByteString | undefined;
  #longLink: ByteString | undefined;
  #zeroBlocks = 0;
  #mapLines = 0;

  #header: Header | undefined;
  #sparse: SparseRecords | undefined;
  #extents: TarExtent[] = [];
  #realSize = 0;
  /** Bytes of content that are still to come, and padding after them. */
  #stored = 0;
  #padding = 0;
  #extent = 0;
  #extentAt = 0;

  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  /** Whether the archive's end marker was read; what follows it is ignored. */
  get ended(): boolean {
    return this.#state === "end";
  }

  /**
   * Takes the next piece of the archive.
   *
   * @throws HuskError "invalid" naming the place and the entry
   */
  write(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      switch (this.#state) {
        case "end":
          at = chunk.length;
          break;
        case "data": {
          const count = Math.min(this.#stored, chunk.length - at);
          this.#content(chunk.subarray(at, at + count));
          at += count;
          break;
        }
        case "padding": {
          const count = Math.min(this.#padding, chunk.length - at);
          this.#padding -= count;
          at += count;
          if (this.#padding === 0) this.#state = "header";
          break;
        }
        default:
          at = this.#collect(chunk, at);
      }
    }
    this.#offset += chunk.length;
  }

  /**
   * There is nothing more: the archive must be whole. The end marker may be missing, as many programs accept.
   *
   * @throws HuskError "invalid"
   */
  close(): void {
    const between = this.#state === "header" && this.#held === 0 && !this.#hasPending();
    if (this.#state === "end" || between) return;
    throw this.#error("it is cut off", this.#offset);
  }

  #hasPending(): boolean {
    return this.#records.length > 0 || this.#longName !== undefined || this.#longLink !== undefined;
  }

  /** Gathers #needed bytes and then performs what they are for; returns the new place in the chunk. */
  #collect(chunk: Uint8Array, at: number): number {
    if (this.#state === "header" && this.#held === 0) this.#headerAt = this.#offset + at;
    if (this.#held === 0 && chunk.length - at >= this.#needed) {
      const whole = chunk.subarray(at, at + this.#needed);
      const end = at + this.#needed;
      this.#take(whole);
      return end;
    }
    if (this.#buffer.length < this.#needed) {
      const larger = new Uint8Array(Math.max(this.#needed, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, this.#held));
      this.#buffer = larger;
    }
    const count = Math.min(this.#needed - this.#held, chunk.length - at);
    this.#buffer.set(chunk.subarray(at, at + count), this.#held);
    this.#held += count;
    if (this.#held === this.#needed) {
      this.#held = 0;
      this.#take(this.#buffer.subarray(0, this.#needed));
    }
    return at + count;
  }

  #await(state: State, bytes: number): void {
    this.#state = state;
    this.#needed = bytes;
  }

  #take(bytes: Uint8Array): void {
    switch (this.#state) {
      case "header":
        return this.#takeHeader(bytes);
      case "body":
        return this.#takeBody(bytes.subarray(0, bytes.length - this.#bodyPadding));
      case "old-map":
        return this.#takeOldMap(bytes);
      default:
        return this.#takeNewMap(bytes);
    }
  }

  #takeHeader(block: Uint8Array): void {
    if (isZero(block)) {
      if (++this.#zeroBlocks === 2) this.#state = "end";
      return;
    }
    if (this.#zeroBlocks > 0) throw this.#error("there is something after a zero block");
    const header = parseHeader(block);
    if (typeof header === "string") throw this.#error(header);
    switch (header.type) {
      case "x":
      case "g":
      case "L":
      case "K":
        if (header.size > LONGEST_BODY) throw this.#error("an extended header of more than 1 MiB");
        this.#bodyType = header.type;
        this.#bodyPadding = paddingOf(header.size);
        if (header.size === 0) return this.#takeBody(block.subarray(0, 0));
        return this.#await("body", header.size + this.#bodyPadding);
      case "V":
        // A volume's label: nothing to unpack.
        this.#skip(header.size);
        return;
      default:
        return this.#beginEntry(header, block);
    }
  }

  #takeBody(body: Uint8Array): void {
    this.#await("header", BLOCK);
    if (this.#bodyType === "L" || this.#bodyType === "K") {
      const nul = body.indexOf(0);
      const text = latin1(body, 0, nul < 0 ? body.length : nul);
      if (this.#bodyType === "L") this.#longName = text;
      else this.#longLink = text;
      return;
    }
    const records: Record[] = [];
    const wrong = parseRecords(body, records);
    if (wrong !== undefined) throw this.#error(`an extended header with ${wrong}`);
    // What a global header says of all that follow is of no account in Go.
    if (this.#bodyType === "x") this.#records = records;
  }

  #beginEntry(header: Header, block: Uint8Array): void {
    const records = this.#records;
    this.#name = this.#longName ?? header.name;
    const sparse = records.length === 0 ? undefined : readSparseRecords(records);
    if (typeof sparse === "string") throw this.#error(sparse);
    this.#header = header;
    this.#extents = [];
    this.#sparse = header.type === "0" || header.type === "\0" ? sparse : undefined;
    if (header.type === "S") {
      if (!readMapEntries(block, FIELD.sparseMap[0], 4, this.#extents))
        throw this.#error("a sparse file with a malformed map");
      const size = readNumber(block, FIELD.realSize[0], FIELD.realSize[1]);
      if (size === undefined) throw this.#error("a sparse file with a malformed size");
      this.#realSize = size;
      if (hasMoreMap(block)) return this.#await("old-map", BLOCK);
    } else if (this.#sparse?.version === "1.0") {
      this.#mapLines = 0;
      return this.#await("new-map", BLOCK);
    } else if (this.#sparse !== undefined) this.#extents = [...this.#sparse.extents];
    this.#startEntry(0);
  }

  #takeOldMap(block: Uint8Array): void {
    if (!readMapEntries(block, 0, 21, this.#extents)) throw this.#error("a sparse file with a malformed map");
    if (this.#extents.length > LONGEST_MAP / 24) throw this.#error("a sparse file with too long a map");
    if (!hasMoreMap(block, 504)) this.#startEntry(0);
  }

  #takeNewMap(bytes: Uint8Array): void {
    for (let i = bytes.length - BLOCK; i < bytes.length; i++) if (bytes[i] === NEWLINE) this.#mapLines++;
    const count = Number.parseInt(latin1(bytes, 0, Math.min(bytes.length, 20)), 10);
    const isWhole = !(this.#mapLines < 2 * count + 1);
    const map = isWhole ? parseMap(latin1(bytes, 0, bytes.length)) : undefined;
    if (map !== undefined) {
      this.#extents = map;
      return this.#startEntry(bytes.length);
    }
    if (isWhole || bytes.length > LONGEST_MAP) throw this.#error("a sparse file with a malformed map");
    // The text goes on: keep what there is, and wait for another block.
    if (bytes.buffer !== this.#buffer.buffer) this.#buffer = new Uint8Array(4 * BLOCK);
    this.#buffer.set(bytes);
    this.#held = bytes.length;
    this.#needed = bytes.length + BLOCK;
  }

  /** Everything of an entry but its content has been read. */
  #startEntry(mapBytes: number): void {
    const header = this.#header as Header;
    const made = makeEntry(header, this.#records, { name: this.#longName, link: this.#longLink });
    if (typeof made === "string") throw this.#error(made);
    this.#records = [];
    this.#longName = undefined;
    this.#longLink = undefined;
    let { entry } = made;
    const isSparse = header.type === "S" || this.#sparse !== undefined;
    this.#stored = made.stored - mapBytes;
    if (isSparse) {
      const size = header.type === "S" ? this.#realSize : (this.#sparse?.size ?? entry.size);
      if (this.#stored < 0 || !areValidExtents(this.#extents, size, this.#stored))
        throw this.#error("a sparse file whose map does not fit its size");
      entry = { ...entry, name: this.#sparse?.name ?? entry.name, size, extents: this.#extents };
    }
    this.#name = entry.name;
    this.#extent = 0;
    this.#extentAt = 0;
    this.#padding = paddingOf(this.#stored);
    this.#needed = BLOCK;
    this.#state = "data";
    this.#handler.entry(entry);
    if (this.#stored === 0) this.#endEntry();
  }

  #content(bytes: Uint8Array): void {
    this.#stored -= bytes.length;
    const header = this.#header as Header;
    if (header.type === "D") {
      // GNU's listing of a directory: not content.
    } else if (this.#sparse === undefined && header.type !== "S") {
      this.#handler.data(bytes, this.#extentAt);
      this.#extentAt += bytes.length;
    } else this.#sparseContent(bytes);
    if (this.#stored === 0) this.#endEntry();
  }

  #sparseContent(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const { offset, length } = this.#extents[this.#extent] as TarExtent;
      const count = Math.min(bytes.length - at, length - this.#extentAt);
      if (count > 0) this.#handler.data(bytes.subarray(at, at + count), offset + this.#extentAt);
      at += count;
      this.#extentAt += count;
      if (this.#extentAt < length) continue;
      this.#extent++;
      this.#extentAt = 0;
    }
  }

  #endEntry(): void {
    this.#handler.end();
    this.#name = undefined;
    this.#state = this.#padding > 0 ? "padding" : "header";
  }

  #skip(bytes: number): void {
    this.#padding = bytes + paddingOf(bytes);
    if (this.#padding > 0) this.#state = "padding";
  }

  #error(why: string, at: number = this.#headerAt): HuskError {
    const entry = this.#name === undefined ? "" : `, entry ${displayName(this.#name)}`;
    return new HuskError("invalid", `tar archive, byte ${at}${entry}: ${why}`, {
      hint: "the archive is damaged, or not a tar archive: get it again",
    });
  }
}

function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}
