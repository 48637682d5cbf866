import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import {
  type ByteString,
  displayName,
  type Finish,
  finishLayer,
  FolderWalk,
  readXattrs,
} from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import { inFolder } from "../../platform/in-folder.ts";
import { removeTree } from "../../platform/remove-tree.ts";
import type { ApplyStep } from "./plan-apply.ts";
import type { Change } from "./read-changes.ts";

/** What bringing changes over needs. */
export interface ApplyTools {
  /** The keeper's executable, which sets attributes and makes nodes. */
  readonly keeper: string;
  readonly reportDirectory: string;
  readonly warn: (message: string) => void;
}

/**
 * Does what a plan says. First every new file is made beside its place, with all its attributes; only then they get
 * their names, each by rename(2) and after another look whether what is there is still what was planned for. So a
 * full disk or a missing right changes nothing.
 *
 * @throws HuskError "conflict" if something changed meanwhile: what came before it is done, and said
 */
export async function applyChanges(steps: readonly ApplyStep[], tools: ApplyTools): Promise<ByteString[]> {
  const walk = new FolderWalk("/.");
  try {
    return await bringOver(steps, tools, walk);
  } finally {
    walk.close();
  }
}

async function bringOver(
  steps: readonly ApplyStep[],
  tools: ApplyTools,
  walk: FolderWalk,
): Promise<ByteString[]> {
  const at = (path: ByteString): string | Buffer => inFolder(...placeOn(walk, path));
  const made: { readonly step: ApplyStep; readonly temporary: ByteString }[] = [];
  const folders: ByteString[] = [];
  const done: ByteString[] = [];
  try {
    const finishes = new Map<ByteString, Finish>();
    for (const [index, step] of steps.entries()) {
      const { action, change, path } = step;
      const { stats } = change;
      if (stats === undefined) continue;
      if (stats.isDirectory()) {
        if (action === "make") {
          mkdirSync(at(path), { mode: 0o700 });
          folders.push(path);
        }
        if (action === "make" || action === "mode") finishes.set(path.slice(1), finishOf(stats));
        continue;
      }
      const temporary = beside(path, index);
      made.push({ step, temporary });
      const finish = copy(change, stats, at(temporary));
      finishes.set(temporary.slice(1), finish);
    }
    await addXattrs(steps, made, finishes, tools);
    await finishLayer("/", finishes, tools, tools.warn);
  } catch (cause) {
    for (const { temporary } of made) takeAway(walk, temporary);
    for (const folder of folders.toReversed()) takeAway(walk, folder, rmdirSync);
    if (cause instanceof HuskError) throw cause;
    throw new HuskError("failed", `cannot bring the changes over: ${(cause as Error).message}`, {
      cause,
      hint: "nothing was changed",
    });
  }
  let next = 0;
  try {
    for (const step of steps) {
      const { action, path, change } = step;
      if (action === "remove") {
        check(step, at(path));
        if (step.before?.isDirectory() === true) {
          const away = beside(path, steps.indexOf(step));
          renameSync(at(path), at(away));
          walk.forget(path.slice(1));
          removeTree(...placeOn(walk, away));
        } else unlinkSync(at(path));
      } else if (change.stats?.isDirectory() === false) {
        check(step, at(path));
        renameSync(at(made[next]?.temporary as ByteString), at(path));
        next++;
      }
      done.push(path);
    }
  } catch (cause) {
    for (const { temporary } of made.slice(next)) takeAway(walk, temporary);
    const rest = steps.length - done.length;
    const hint = `${done.length} changes are done, ${rest} are not: husk apply again shows which`;
    if (cause instanceof HuskError) throw new HuskError(cause.code, cause.message, { cause, hint });
    throw new HuskError("failed", `cannot bring the changes over: ${(cause as Error).message}`, {
      cause,
      hint,
    });
  }
  return done;
}

/** The names under which new files are made before they get their own. */
export function temporariesOf(steps: readonly ApplyStep[]): ByteString[] {
  return steps.flatMap(({ before, path, change: { stats } }, index) =>
    (stats ?? before)?.isDirectory() === (stats === undefined) ? [beside(path, index)] : [],
  );
}

/**
 * The folder of a path on this machine, open until the walk goes on, and the path's last name. Whoever exchanges a
 * folder for a link meanwhile does not lead what is brought over elsewhere.
 *
 * @throws HuskError "conflict" for a folder that is a link by now, or gone
 */
function placeOn(walk: FolderWalk, path: ByteString): [folder: number, name: ByteString] {
  const names = path.slice(1).split("/");
  const name = names.pop() as ByteString;
  const folder = walk.find(names, undefined);
  if (folder?.path === names.join("/")) return [folder.fd, name];
  throw new HuskError(
    "conflict",
    `the folder of ${displayName(path)} changed while changes were brought over`,
  );
}

/** Removes what an attempt that failed has made; what cannot be found any more stays. */
function takeAway(
  walk: FolderWalk,
  path: ByteString,
  remove: (place: string | Buffer) => void = unlinkSync,
): void {
  try {
    remove(inFolder(...placeOn(walk, path)));
  } catch {
    // The reason why it failed is told.
  }
}

/** What is there has to be what the plan was made for. */
function check({ path, before }: ApplyStep, place: string | Buffer): void {
  const now = lstatSync(place, { bigint: true, throwIfNoEntry: false });
  if (now?.ino === before?.ino && now?.ctimeNs === before?.ctimeNs) return;
  // Removing what is in a folder changes the folder.
  if (before?.isDirectory() === true && now?.ino === before.ino) return;
  throw new HuskError("conflict", `${displayName(path)} changed while changes were brought over`);
}

/** Makes the content of a new file under another name and tells what is left to do. */
function copy(change: Change, stats: BigIntStats, to: string | Buffer): Finish {
  const from = source(change);
  const finish = finishOf(stats);
  if (stats.isFile()) {
    copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    // Nobody reads it before it has its owner.
    chmodSync(to, 0o600);
    return finish;
  }
  if (stats.isSymbolicLink()) {
    symlinkSync(readlinkSync(from, { encoding: "buffer" }), to);
    lchownSync(to, Number(stats.uid), Number(stats.gid));
    return { times: finish.times as NonNullable<Finish["times"]> };
  }
  const { major, minor } = numberOf(stats.rdev);
  return { ...finish, node: { mode: Number(stats.mode), major, minor } };
}

async function addXattrs(
  steps: readonly ApplyStep[],
  made: readonly { readonly step: ApplyStep; readonly temporary: ByteString }[],
  finishes: ReadonlyMap<ByteString, Finish>,
  tools: ApplyTools,
): Promise<void> {
  const targets = new Map<Change, ByteString>(
    made.map(({ step, temporary }) => [step.change, temporary.slice(1)]),
  );
  const parts = new Map(steps.map(({ change }) => [change.part.upper, change.part]));
  for (const { upper, place } of parts.values()) {
    const own = steps.filter(
      ({ change }) => change.part.upper === upper && change.stats?.isSymbolicLink() === false,
    );
    const inside = own.map(({ change }) => change.path.slice(place.length + 1)).filter((path) => path !== "");
    const attributes = await readXattrs(upper, inside, tools);
    for (const { change } of own) {
      const found = attributes.get(change.path.slice(place.length + 1));
      const finish = finishes.get(targets.get(change) ?? change.path.slice(1));
      if (found === undefined || finish === undefined) continue;
      const kept = [...found].filter(([name]) => !name.includes(".overlay."));
      if (kept.length > 0) finish.xattrs = new Map(kept);
    }
  }
}

function finishOf(stats: BigIntStats): Finish {
  const time = (nanoseconds: bigint): { seconds: number; nanoseconds: number } => ({
    seconds: Number(nanoseconds / 1_000_000_000n),
    nanoseconds: Number(nanoseconds % 1_000_000_000n),
  });
  return {
    owner: { uid: Number(stats.uid), gid: Number(stats.gid) },
    mode: Number(stats.mode & 0o7777n),
    times: { atime: time(stats.atimeNs), mtime: time(stats.mtimeNs) },
  };
}

/** Whether something in a folder, or the folder itself, changed after a moment, in milliseconds since 1970. */
export function changedWithin(path: ByteString, since: number): boolean {
  const stats = lstatSync(host(path), { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return false;
  if (stats.ctimeMs >= BigInt(Math.floor(since))) return true;
  if (!stats.isDirectory()) return false;
  return readdirSync(host(path), { encoding: "buffer" }).some((name) =>
    changedWithin(`${path}/${name.toString("latin1")}`, since),
  );
}

/** Whether the file that a container wrote and the one of this machine have the same bytes. */
export function sameContent(change: Change, path: ByteString): boolean {
  if (change.stats?.isSymbolicLink() === true)
    return readlinkSync(source(change), "latin1") === readlinkSync(host(path), "latin1");
  const one = openSync(source(change), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const other = openSync(host(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const left = Buffer.alloc(1 << 18);
      const right = Buffer.alloc(1 << 18);
      for (;;) {
        const count = readSync(one, left);
        if (count !== readSync(other, right) || left.compare(right, 0, count, 0, count) !== 0) return false;
        if (count === 0) return true;
      }
    } finally {
      closeSync(other);
    }
  } finally {
    closeSync(one);
  }
}

function source({ part, path }: Change): Buffer {
  return Buffer.concat([Buffer.from(part.upper), Buffer.from(path.slice(part.place.length), "latin1")]);
}

function host(path: ByteString): Buffer {
  return Buffer.from(path, "latin1");
}

function beside(path: ByteString, index: number): ByteString {
  return `${path.slice(0, path.lastIndexOf("/") + 1)}.husk-apply-${process.pid}-${index}`;
}

/** The two halves of a device number (makedev(3)). */
function numberOf(rdev: bigint): { major: number; minor: number } {
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & ~0xffn)),
  };
}
