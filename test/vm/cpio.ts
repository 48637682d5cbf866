export interface CpioEntry {
  /** Path in the archive, without a leading slash. */
  readonly path: string;
  /** Mode with the file type, such as 0o100755 or 0o40755. */
  readonly mode: number;
  readonly content?: Uint8Array;
}

/** An initramfs: a cpio archive in the "newc" format (Documentation/driver-api/early-userspace/buffer-format.rst). */
export function cpioArchive(entries: readonly CpioEntry[]): Uint8Array {
  const encoder = new TextEncoder();
  const chunks: Uint8Array[] = [];
  const hex = (value: number): string => value.toString(16).padStart(8, "0");
  const padding = (length: number): Uint8Array => new Uint8Array((4 - (length % 4)) % 4);
  const add = (inode: number, entry: CpioEntry): void => {
    const name = encoder.encode(`${entry.path}\0`);
    const content = entry.content ?? new Uint8Array();
    const fields = [inode, entry.mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
    const header = encoder.encode(`070701${fields.map(hex).join("")}`);
    chunks.push(header, name, padding(header.length + name.length), content, padding(content.length));
  };
  for (const [index, entry] of entries.entries()) add(index + 1, entry);
  add(0, { path: "TRAILER!!!", mode: 0 });
  return new Uint8Array(Buffer.concat(chunks));
}
