import type { BigIntStats } from "node:fs";
import type { ByteString } from "../../image/index.ts";
import type { Change } from "./read-changes.ts";

/** One thing to do on this machine. */
export interface ApplyStep {
  readonly action: "make" | "replace" | "remove" | "mode";
  /** Absolute path on this machine, one character a byte. */
  readonly path: ByteString;
  readonly change: Change;
  /** What is there now; absent: nothing. */
  readonly before?: BigIntStats;
}

/** What cannot be brought over without losing something. */
export interface Conflict {
  readonly path: ByteString;
  /** A half sentence: `changed here meanwhile`. */
  readonly why: string;
}

export interface ApplyPlan {
  readonly steps: readonly ApplyStep[];
  readonly conflicts: readonly Conflict[];
  /** Changes that nobody asked for by their path and that are not for this machine: of /tmp, /run, …. */
  readonly leftOut: readonly ByteString[];
  /** Chosen paths below which nothing changed. */
  readonly unknown: readonly string[];
}

export interface ApplyChoice {
  /** Absolute paths in the container, each with all below it; empty: everything. */
  readonly paths: readonly string[];
  /** Milliseconds since 1970: what changed on this machine after it is somebody else's work. */
  readonly since: number;
  /** What is on this machine at a path now; links not followed. */
  readonly now: (path: ByteString) => BigIntStats | undefined;
  /** Whether something in a folder of this machine changed after that moment. */
  readonly changedWithin: (path: ByteString, since: number) => boolean;
  /** Whether two regular files, one written in the container and one of this machine, have the same bytes. */
  readonly same: (change: Change, path: ByteString) => boolean;
}

/** Written there by programs in passing; brought over only if somebody names them. */
const PASSING = ["/tmp", "/run", "/var/tmp", "/var/run", "/var/cache", "/mnt", "/media"];

/**
 * Decides what bringing changes over to this machine does. Parents come before what is in them, and removals last,
 * from the inside out.
 */
export function planApply(changes: readonly Change[], choice: ApplyChoice): ApplyPlan {
  const steps: ApplyStep[] = [];
  const removals: ApplyStep[] = [];
  const conflicts: Conflict[] = [];
  const leftOut: ByteString[] = [];
  const wanted = choice.paths.map((path) => Buffer.from(path).toString("latin1"));
  const used = new Set<string>();
  for (const change of changes) {
    const { path } = change;
    const chosen = wanted.find((one) => isBelow(path, one));
    const leadsThere = wanted.some((one) => isBelow(one, path));
    if (wanted.length > 0 && chosen === undefined && !(leadsThere && change.kind === "A")) continue;
    if (chosen !== undefined) used.add(chosen);
    if (chosen === undefined && PASSING.some((one) => isBelow(path, one))) {
      if (!PASSING.includes(path)) leftOut.push(path);
      continue;
    }
    const step = decide(change, choice);
    if (step === undefined) continue;
    const above = blockedBy(path, choice.now);
    if (above !== undefined) {
      conflicts.push({ path, why: `would be in ${above}, which is no folder here` });
      continue;
    }
    if ("why" in step) conflicts.push(step);
    else (step.action === "remove" ? removals : steps).push(step);
  }
  return {
    steps: [...steps, ...removals.toReversed()],
    conflicts,
    leftOut,
    unknown: choice.paths.filter((_, i) => !used.has(wanted[i] as string)),
  };
}

function decide(change: Change, choice: ApplyChoice): ApplyStep | Conflict | undefined {
  const { kind, path, stats } = change;
  const before = choice.now(path);
  if (stats === undefined) {
    if (before === undefined) return undefined;
    if (before.isDirectory() ? choice.changedWithin(path, choice.since) : isNewer(before, choice.since))
      return { path, why: "was to be removed, and changed here meanwhile" };
    return { action: "remove", path, change, before };
  }
  if (before === undefined) {
    if (kind === "C" && !stats.isDirectory()) return { path, why: "is not here any more" };
    return { action: "make", path, change };
  }
  if (stats.isDirectory() && before.isDirectory())
    return sameRights(stats, before) ? undefined : { action: "mode", path, change, before };
  if (isEqual(change, stats, before, choice)) return undefined;
  if (kind === "A") return { path, why: "was new in the container, and is here by now" };
  if (before.isDirectory()) return { path, why: "is a folder here" };
  if (stats.isDirectory()) return { path, why: "became a folder, and is none here" };
  if (isNewer(before, choice.since)) return { path, why: "changed here meanwhile" };
  return { action: "replace", path, change, before };
}

/** The first name above a path that is no folder on this machine: below a link is another place than was changed. */
function blockedBy(path: ByteString, now: ApplyChoice["now"]): ByteString | undefined {
  for (let end = path.indexOf("/", 1); end > 0; end = path.indexOf("/", end + 1)) {
    const above = path.slice(0, end);
    const stats = now(above);
    if (stats === undefined) return undefined;
    if (!stats.isDirectory()) return above;
  }
  return undefined;
}

function isEqual(change: Change, stats: BigIntStats, before: BigIntStats, choice: ApplyChoice): boolean {
  if ((stats.mode & 0o170000n) !== (before.mode & 0o170000n)) return false;
  if (!sameRights(stats, before)) return false;
  if (stats.isFile() || stats.isSymbolicLink())
    return stats.size === before.size && choice.same(change, change.path);
  return stats.rdev === before.rdev;
}

function sameRights(one: BigIntStats, other: BigIntStats): boolean {
  return one.mode === other.mode && one.uid === other.uid && one.gid === other.gid;
}

function isNewer(stats: BigIntStats, since: number): boolean {
  return stats.ctimeMs >= BigInt(Math.floor(since));
}

function isBelow(path: string, above: string): boolean {
  return above === "/" || path === above || path.startsWith(above.endsWith("/") ? above : `${above}/`);
}
