import { type BigIntStats, closeSync, constants, lstatSync, openSync, readdirSync } from "node:fs";
import type { ByteString } from "../../image/index.ts";
import { isWhiteout, type Lower } from "./lower.ts";

const { O_DIRECTORY, O_NOFOLLOW } = constants;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;

/** docker's letters: added, changed, deleted. */
export type ChangeKind = "A" | "C" | "D";

/** Something that is not as it was. */
export interface Change {
  readonly kind: ChangeKind;
  /** Absolute, in the container, one character a byte. */
  readonly path: ByteString;
  /** The part it was written to. */
  readonly part: ChangedPart;
  /** Absent: it is gone. */
  readonly stats?: BigIntStats;
}

/** A folder that what was written went to, and what shines through below. */
export interface ChangedPart {
  /** Where it shows in the container: empty for the root, or `/usr`. */
  readonly place: string;
  /** An overlay's upper folder, or an ordinary one. */
  readonly upper: string;
  readonly lower: Lower;
  /** Folders in `upper`, from "/" on, that hide all that was in the one below (overlayfs's opaque ones). */
  readonly opaque: ReadonlySet<ByteString>;
  /** A folder that was there before and in which nothing changed is not in `upper` because of a change. */
  readonly isPlain: boolean;
}

/** Files that husk puts into every container; what stands there is not the program's doing. */
const OWN: ReadonlySet<string> = new Set([
  "/dev",
  "/proc",
  "/sys",
  "/etc/hosts",
  "/etc/hostname",
  "/etc/resolv.conf",
  "/etc/mtab",
]);

/**
 * What a container changed in its file system, in the order of paths. Works on a running one: everything is opened by
 * its parent's descriptor and without following links.
 */
export function readChanges(parts: readonly ChangedPart[]): Change[] {
  const changes: Change[] = [];
  for (const part of parts) {
    const top = openSync(part.upper, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    try {
      const inside = readFolder(part, top, "");
      if (inside.length === 0) continue;
      if (part.place !== "") changes.push({ kind: "C", path: part.place, part, stats: statOf(top) });
      for (const change of inside) changes.push(change);
    } finally {
      closeSync(top);
    }
  }
  // Where a part is mounted, the one around it has a folder, too.
  const places = new Set(changes.filter(isOwnPlace).map(({ path }) => path));
  const once = changes.filter((change) => isOwnPlace(change) || !places.has(change.path));
  const order = once.map(({ path }) => path.replaceAll("/", "\0"));
  const indices = once
    .map((_, i) => i)
    .toSorted((a, b) => ((order[a] as string) < (order[b] as string) ? -1 : 1));
  return indices.map((i) => once[i] as Change);
}

function isOwnPlace({ part, path }: Change): boolean {
  return part.place === path;
}

function readFolder(part: ChangedPart, folder: number, path: ByteString): Change[] {
  const changes: Change[] = [];
  const names = readdirSync(`/proc/self/fd/${folder}`, { encoding: "buffer" });
  const seen = new Set<ByteString>();
  for (const bytes of names) {
    const name = bytes.toString("latin1");
    seen.add(name);
    const inside = `${path}/${name}`;
    const whole = part.place + inside;
    if (OWN.has(whole)) continue;
    const stats = lstatSync(Buffer.concat([Buffer.from(`/proc/self/fd/${folder}/`), bytes]), {
      bigint: true,
      throwIfNoEntry: false,
    });
    if (stats === undefined) continue;
    if (isWhiteout(stats)) {
      if (part.lower.stat(inside) !== undefined) changes.push({ kind: "D", path: whole, part });
      continue;
    }
    const before = part.lower.stat(inside);
    const below = stats.isDirectory() ? readBelow(part, folder, bytes, inside) : [];
    const kind = before === undefined ? "A" : "C";
    const isFresh = part.isPlain && before !== undefined;
    if (whole === "/etc" && below.length === 0 && stats.isDirectory() && isAsBefore(stats, before)) continue;
    const untouched = isFresh && (stats.isDirectory() ? below.length === 0 : stats.isSymbolicLink());
    if (!untouched) changes.push({ kind, path: whole, part, stats });
    for (const change of below) changes.push(change);
  }
  if (part.opaque.has(path) || (part.isPlain && path === ""))
    for (const name of part.lower.names(path))
      if (!seen.has(name) && !OWN.has(`${part.place}${path}/${name}`))
        changes.push({ kind: "D", path: `${part.place}${path}/${name}`, part });
  return changes;
}

/** A folder in which husk alone put something, so that its times say nothing. */
function isAsBefore(stats: BigIntStats, before: BigIntStats | undefined): boolean {
  return before?.mode === stats.mode && before.uid === stats.uid && before.gid === stats.gid;
}

function readBelow(part: ChangedPart, folder: number, name: Buffer, path: ByteString): Change[] {
  let fd: number;
  try {
    const place = Buffer.concat([Buffer.from(`/proc/self/fd/${folder}/`), name]);
    fd = openSync(place, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  } catch {
    // Removed meanwhile, or another thing by now.
    return [];
  }
  try {
    return readFolder(part, fd, path);
  } finally {
    closeSync(fd);
  }
}

function statOf(fd: number): BigIntStats {
  return lstatSync(`/proc/self/fd/${fd}/.`, { bigint: true });
}
