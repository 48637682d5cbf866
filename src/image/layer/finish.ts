import type { ByteString, TarTime } from "../tar/index.ts";

/**
 * What node:fs cannot do, or not exactly, for one path of a layer: the keeper does it when all content is there.
 * Later wishes for the same path replace earlier ones.
 */
export interface Finish {
  /** Make a device, FIFO or whiteout: mode with its type, and a device number. */
  node?: { readonly mode: number; readonly major: number; readonly minor: number };
  /** Make a hard link to what the keeper makes at this path. */
  link?: ByteString;
  owner?: { readonly uid: number; readonly gid: number };
  /** Permission bits; set after the owner, whose change takes set-user-id bits away. */
  mode?: number;
  xattrs?: Map<ByteString, Uint8Array>;
  times?: { readonly atime: TarTime; readonly mtime: TarTime };
}

/** Everything that is left to the keeper, by path below the layer's root ("" is the root). */
export class Finishes {
  readonly paths = new Map<ByteString, Finish>();

  at(path: ByteString): Finish {
    let finish = this.paths.get(path);
    if (finish === undefined) {
      finish = {};
      this.paths.set(path, finish);
    }
    return finish;
  }

  /** The path was removed: with all that is below it. */
  forget(path: ByteString, withBelow: boolean): void {
    this.paths.delete(path);
    if (!withBelow) return;
    const start = `${path}/`;
    for (const other of this.paths.keys()) if (other.startsWith(start)) this.paths.delete(other);
  }

  /** Whether the keeper is going to make something at this path. */
  makes(path: ByteString): boolean {
    const finish = this.paths.get(path);
    return finish?.node !== undefined || finish?.link !== undefined;
  }
}
