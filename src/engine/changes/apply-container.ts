import { existsSync, lstatSync, readFileSync, rmSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { displayName } from "../../image/index.ts";
import { writeWhole } from "../../platform/whole-file.ts";
import { withContainer } from "../container/lock.ts";
import type { ContainerPaths } from "../container/paths.ts";
import { isAlive } from "../container/state.ts";
import type { Home } from "../home.ts";
import { imageContext } from "../image-context.ts";
import { readTarget } from "../life/target.ts";
import { applyChanges, changedWithin, sameContent, temporariesOf } from "./apply.ts";
import { changedParts } from "./parts.ts";
import { type ApplyPlan, type ApplyStep, planApply } from "./plan-apply.ts";
import { readChanges } from "./read-changes.ts";

export interface ApplyOptions {
  /** Absolute paths, each with all below it; absent or empty: everything but what lies in /tmp, /run and the like. */
  readonly paths?: readonly string[];
  /** Only find out what would be done. */
  readonly dryRun?: boolean;
  readonly warn?: (message: string) => void;
  /** Gives up waiting for whoever works on the container. */
  readonly signal?: AbortSignal;
}

/** What was done, or would be. */
export interface Applied extends Omit<ApplyPlan, "steps"> {
  readonly steps: readonly Pick<ApplyStep, "action" | "path">[];
}

/**
 * Brings what a container of `host` changed over to this machine. All of what is chosen, or nothing: where something
 * on this machine changed since the container was created, nothing is done and the conflicts say what.
 *
 * @param id its whole id
 * @throws HuskError "conflict" while it runs; "unsupported" for a container of something else than this machine, or
 *   with id maps; "not-found" for a path below which nothing changed; "failed"
 */
export async function applyContainer(home: Home, id: string, options: ApplyOptions = {}): Promise<Applied> {
  const apply = async (): Promise<Applied> => {
    const target = readTarget(home, id);
    const { record, state, paths } = target;
    if (record.source.kind !== "host")
      throw new HuskError(
        "unsupported",
        `${record.name} is not a container of host: its files are not this machine's`,
        {
          hint: "husk cp brings single files over",
        },
      );
    if (record.options.uidMap !== undefined || record.options.gidMap !== undefined)
      throw new HuskError("unsupported", `${record.name} has id maps: its files belong to ids of its own`, {
        hint: "husk cp brings single files over",
      });
    if (isAlive(state))
      throw new HuskError("conflict", `${record.name} is ${state.status}: its files may still change`, {
        hint: `husk stop ${record.name}`,
      });
    clearPending(paths);
    const plan = planApply(readChanges(await changedParts(home, target)), {
      paths: options.paths ?? [],
      since: record.created,
      now: (path) => lstatSync(Buffer.from(path, "latin1"), { bigint: true, throwIfNoEntry: false }),
      changedWithin,
      same: sameContent,
    });
    const [unknown] = plan.unknown;
    if (unknown !== undefined)
      throw new HuskError("not-found", `${record.name} changed nothing at ${unknown}`, {
        hint: `see husk diff ${record.name}`,
      });
    const warn = options.warn ?? (() => {});
    for (const step of plan.steps) {
      const danger = dangerOf(step);
      if (danger !== undefined) warn(`${displayName(step.path)} ${danger}`);
    }
    if (plan.conflicts.length > 0 || options.dryRun === true || plan.steps.length === 0) return plan;
    const { tools } = imageContext(home, () => {});
    const temporaries = temporariesOf(plan.steps).map((path) =>
      Buffer.from(path, "latin1").toString("base64"),
    );
    writeWhole(paths.applying, JSON.stringify(temporaries), 0o600);
    await applyChanges(plan.steps, { ...tools, warn });
    rmSync(paths.applying, { force: true });
    return plan;
  };
  return withContainer(home.folders, id, apply, options.signal);
}

/** What of a new file gives others rights on this machine; the container's program chose it. */
function dangerOf({ action, change: { stats } }: ApplyStep): string | undefined {
  if (action === "remove" || stats === undefined || stats.isDirectory()) return undefined;
  if (stats.isBlockDevice() || stats.isCharacterDevice()) return "is a device of this machine";
  if (!stats.isFile() || (stats.mode & 0o6000n) === 0n) return undefined;
  return "runs as its owner or group, whoever starts it (set-user-id)";
}

/** Removes what one that was killed left beside the files of this machine it was about to replace. */
export function clearPending({ applying }: ContainerPaths): void {
  if (!existsSync(applying)) return;
  for (const path of JSON.parse(readFileSync(applying, "utf8")) as string[])
    rmSync(Buffer.from(path, "base64"), { recursive: true, force: true });
  rmSync(applying);
}
