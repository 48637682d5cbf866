import { closeSync, fstatSync, statSync } from "node:fs";
import { FrameScanner, type Piece } from "./frame.ts";
import { type LogFile, openLogFile, openLogFiles, successorOf } from "./files.ts";

/** A place in a log. */
export interface LogPlace {
  readonly inode: number;
  readonly offset: number;
}

/** The place behind what is there now; undefined when nothing has been written ever. */
export function endOfLog(folder: string): LogPlace | undefined {
  const file = openLogFile(`${folder}/log`);
  if (file === undefined) return undefined;
  const place = { inode: file.inode, offset: fstatSync(file.fd).size };
  closeSync(file.fd);
  return place;
}

/** Reads a log piece by piece, through its files, while its keeper writes and rotates them. */
export class LogCursor {
  /** Files may have been removed before they were read. */
  gap = false;
  readonly #folder: string;
  #scanner: FrameScanner | undefined;
  #inode = -1;
  #end: (LogPlace & { readonly fd: number }) | undefined;
  #buffer: Uint8Array | undefined;

  /** @param folder the container's, with `log` in it */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Nothing is read that is written from now on. */
  endHere(): void {
    const file = openLogFile(`${this.#folder}/log`);
    if (file === undefined) return;
    // It stays open, so that no other file gets its inode.
    this.#end = { fd: file.fd, inode: file.inode, offset: fstatSync(file.fd).size };
  }

  /** Where {@link endHere} was called. */
  get end(): LogPlace | undefined {
    return this.#end;
  }

  /** Begins at a frame instead of the beginning. */
  startAt({ inode, offset }: LogPlace): void {
    for (const file of openLogFiles(this.#folder)) {
      if (file.inode === inode && this.#inode !== inode) this.#use(file, offset);
      else closeSync(file.fd);
    }
    if (this.#inode !== inode) this.gap = true;
  }

  /** The next piece, or undefined when everything that is there (or wanted) was read. */
  next(): Piece | undefined {
    for (let rotated = false; ; ) {
      if (this.#scanner === undefined && !this.#openFirst()) return undefined;
      const scanner = this.#scanner as FrameScanner;
      const isLast = this.#end?.inode === this.#inode;
      const piece = scanner.next(isLast ? this.#end?.offset : undefined);
      if (piece !== undefined) return piece;
      if (isLast) return undefined;
      if (rotated) {
        if (!this.#openNext()) return undefined;
        rotated = false;
      } else {
        const now = statSync(`${this.#folder}/log`, { throwIfNoEntry: false })?.ino;
        if (now === undefined || now === this.#inode) return undefined;
        // What was written to the old file before it was renamed is to be read first.
        rotated = true;
      }
    }
  }

  /** What has been read so far ends here. */
  get place(): LogPlace | undefined {
    return this.#scanner === undefined ? undefined : { inode: this.#inode, offset: this.#scanner.offset };
  }

  close(): void {
    if (this.#scanner !== undefined) closeSync(this.#scanner.fd);
    if (this.#end !== undefined) closeSync(this.#end.fd);
    this.#scanner = this.#end = undefined;
  }

  #use(file: LogFile, offset: number): true {
    if (this.#scanner !== undefined) closeSync(this.#scanner.fd);
    this.#buffer ??= new Uint8Array(1 << 20);
    this.#scanner = new FrameScanner(file.fd, file.path, offset, this.#buffer);
    this.#inode = file.inode;
    return true;
  }

  #openFirst(): boolean {
    const [first, ...others] = openLogFiles(this.#folder);
    for (const { fd } of others) closeSync(fd);
    return first !== undefined && this.#use(first, 0);
  }

  #openNext(): boolean {
    const { file, gap } = successorOf(this.#folder, this.#inode);
    if (file === undefined) return false;
    this.gap ||= gap;
    return this.#use(file, 0);
  }
}
