import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { pause } from "../../platform/pause.ts";
import { FRESH_MILLISECONDS, ownerLives, ownerTag, pidOf } from "./owner.ts";

/**
 * A claim is an empty file named after its kind and owner (owner.ts): no two are ever named alike, and whoever
 * reads the folder can tell whether its owner still runs. Nothing has to be stolen from the dead: their claims do not
 * count. Who wants to be alone makes a claim first and looks for others afterwards: of two, the later one sees the
 * earlier and steps back.
 */
export interface Claim {
  release(): void;
}

/** "index": writes index.json; "gc": removes what nothing refers to; "use": brings in blobs and layers. */
export type ClaimKind = "index" | "gc" | "use";

/** Makes a claim, whatever others there are. */
export function makeClaim(folder: string, kind: ClaimKind): Claim {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = `${folder}/${kind}.${ownerTag()}`;
  writeFileSync(path, "", { flag: "wx", mode: 0o600 });
  // Its file's access time tells since when; in another pid namespace only a freshly changed one counts as alive.
  const since = statSync(path).atimeMs / 1000;
  const refresh = setInterval(() => {
    try {
      utimesSync(path, since, Date.now() / 1000);
    } catch {
      clearInterval(refresh);
    }
  }, FRESH_MILLISECONDS / 4);
  refresh.unref();
  return {
    release: () => {
      clearInterval(refresh);
      rmSync(path, { force: true });
    },
  };
}

/** Claims of one kind by processes that run; those of dead ones are removed. Times are milliseconds since 1970. */
export function liveClaims(folder: string, kind: ClaimKind): { name: string; since: number }[] {
  const live: { name: string; since: number }[] = [];
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  for (const name of names) {
    if (!name.startsWith(`${kind}.`)) continue;
    const stats = statSync(`${folder}/${name}`, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    if (ownerLives(name.slice(kind.length + 1), stats.mtimeMs))
      live.push({ name, since: Math.min(stats.atimeMs, stats.birthtimeMs || stats.atimeMs) });
    else rmSync(`${folder}/${name}`, { force: true });
  }
  return live;
}

/**
 * Waits until this process is the only one with a claim of this kind.
 *
 * @throws HuskError "conflict" when another one does not let go for `patience` milliseconds
 */
export async function claimAlone(folder: string, kind: ClaimKind, patience = 60_000): Promise<Claim> {
  const deadline = Date.now() + patience;
  for (let attempt = 0; ; attempt++) {
    const claim = makeClaim(folder, kind);
    const others = liveClaims(folder, kind);
    if (others.length === 1) return claim;
    claim.release();
    if (Date.now() > deadline)
      throw new HuskError(
        "conflict",
        `another husk has been changing the image store in ${folder} for too long`,
        {
          hint: `it is process ${pidOf(others[0]?.name.slice(kind.length + 1) ?? "")}: wait for it, or end it`,
        },
      );
    await pause(1 + Math.random() * Math.min(5 * 2 ** Math.min(attempt, 4), 50));
  }
}
