import { TAR_END, type TarEntry, tarHeader, tarPadding, TarReader } from "../tar/index.ts";

/** What becomes of an entry: dropped, as it is (perhaps with other facts), or with another content. */
export type Rewritten =
  | undefined
  | { readonly entry: TarEntry; readonly content?: (old: Uint8Array) => Uint8Array };

/** Writes an archive anew, entry by entry, in its order. Holes of sparse files become zeros. */
export async function* rewriteArchive(
  archive: AsyncIterable<Uint8Array>,
  change: (entry: TarEntry) => Rewritten,
): AsyncGenerator<Uint8Array, void, undefined> {
  let out: Uint8Array[] = [];
  let current: Rewritten;
  /** Bytes of content so far; collected where it is to be replaced. */
  let written = 0;
  let held: Uint8Array[] = [];
  const put = (bytes: Uint8Array): void => {
    written += bytes.length;
    if (current?.content === undefined) out.push(bytes);
    else held.push(bytes);
  };
  const reader = new TarReader({
    entry: (entry) => {
      current = change(entry);
      written = 0;
      held = [];
      if (current === undefined) return;
      const { extents: _holes, ...plain } = current.entry;
      current = { ...current, entry: plain };
      if (current.content === undefined) out.push(tarHeader(plain));
    },
    data: (bytes, offset) => {
      if (current === undefined) return;
      if (offset > written) put(new Uint8Array(offset - written));
      put(bytes.slice());
    },
    end: () => {
      if (current === undefined) return;
      const { entry, content } = current;
      if (entry.size > written) put(new Uint8Array(entry.size - written));
      if (content !== undefined) {
        const bytes = content(Buffer.concat(held));
        out.push(tarHeader({ ...entry, size: bytes.length }), bytes, tarPadding(bytes.length));
      } else if (entry.size > 0) out.push(tarPadding(entry.size));
    },
  });
  for await (const piece of archive) {
    reader.write(piece);
    const ready = out;
    out = [];
    yield* ready;
  }
  reader.close();
  yield* out;
  yield TAR_END;
}
