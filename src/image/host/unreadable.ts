import { lstatSync, readdirSync } from "node:fs";

/**
 * The files below a folder that others may not read, relative to it. A folder that others may not read or enter is
 * there with all that is in it: contents first, then itself, with a final slash.
 */
export function unreadableByOthers(folder: string): string[] {
  const found: string[] = [];
  walk(folder, "", false, found);
  return found;
}

function walk(folder: string, inside: string, all: boolean, found: string[]): void {
  let entries: ReturnType<typeof readEntries>;
  try {
    entries = readEntries(`${folder}/${inside}`);
  } catch {
    return; // husk itself may not look: neither may the container
  }
  for (const entry of entries) {
    if (entry.isSymbolicLink() && !all) continue;
    const path = `${inside}${entry.name}`;
    const mode = all ? 0 : (lstatSync(`${folder}/${path}`, { throwIfNoEntry: false })?.mode ?? 0);
    if (entry.isDirectory()) {
      const hide = (mode & 0o5) !== 0o5;
      walk(folder, `${path}/`, hide, found);
      if (hide) found.push(`${path}/`);
    } else if ((mode & 0o4) === 0) found.push(path);
  }
}

function readEntries(folder: string) {
  return readdirSync(folder, { withFileTypes: true });
}
