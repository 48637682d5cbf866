/** Whether bytes as characters (latin1) are plain ASCII, and so the same in UTF-8. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/**
 * A name in a folder that is held open, for node:fs: no link stands between, whoever changes what. A Buffer only where it
 * has to be: the first one of a process takes 0.15 ms.
 *
 * @param name bytes as characters (latin1)
 */
export function inFolder(folder: number, name: string): string | Buffer {
  const path = `/proc/self/fd/${folder}/${name}`;
  return isAscii(name) ? path : Buffer.from(path, "latin1");
}
