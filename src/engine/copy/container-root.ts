import { closeSync, constants, openSync, readFileSync, rmSync } from "node:fs";
import { removeGroups } from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";
import { installKeeper } from "../../platform/keeper-file.ts";
import { canFreeze, setFrozen } from "../../runtime/oci/freezer.ts";
import { launch } from "../../runtime/launch.ts";
import { firstByte, makeRoot, settleRoot } from "../copied-root/index.ts";
import { withContainer } from "../container/lock.ts";
import { isProcessOf } from "../container/process-of.ts";
import { readRun, type RunRecord } from "../container/run-record.ts";
import { isAlive, readState } from "../container/state.ts";
import type { Home } from "../home.ts";
import { shortId } from "../id.ts";
import { launchError } from "../life/launch-error.ts";
import { runOptionsOf } from "../life/start.ts";
import { readTarget, type Target } from "../life/target.ts";
import { prepareContainer } from "../prepare.ts";
import { hasWritableFolder } from "../rootfs-source.ts";
import { mountVolumes } from "../volume/mount.ts";

/**
 * Does something with the root file system of a container, with its volumes and other mounts. Nothing in a running one
 * moves meanwhile; the root of one that does not run is made as for a start, without a program.
 *
 * @param id its whole id
 * @param body gets a path by which a process of this machine, whoever it is, reaches the root; links in it lead to
 *   this machine's files, so everything below has to be opened with {@link import("../../platform/in-root.ts")}
 */
export async function withContainerRoot<T>(
  home: Home,
  id: string,
  body: (root: string) => Promise<T>,
): Promise<T> {
  return withContainer(home.folders, id, async () => {
    const target = readTarget(home, id);
    const { state, paths } = target;
    if (!isAlive(state) || state.pid === 0) return held(home, target, body);
    const run = readRun(paths.running);
    // Everything is opened by descriptors: where nothing can freeze it, it may as well run on.
    const groups = state.status === "paused" || !canFreeze(run?.cgroups) ? undefined : run?.cgroups;
    if (groups !== undefined) setFrozen(groups, true);
    try {
      const process = openProcess(home, target, run);
      try {
        return await body(`/proc/${ownPid}/fd/${process}/root`);
      } finally {
        closeSync(process);
      }
    } finally {
      if (groups !== undefined) setFrozen(groups, false);
    }
  });
}

const ownPid = process.pid;

/** /proc/PID of a container's first process: it stays that process's, whoever gets the number afterwards. */
function openProcess(home: Home, { record, state }: Target, run: RunRecord | undefined): number {
  let opened: number | undefined;
  try {
    opened = openSync(`/proc/${state.pid}`, constants.O_RDONLY | constants.O_DIRECTORY);
    const isFirst = (): boolean => readState(home.folders, record.id).pid === state.pid;
    if (run !== undefined && isProcessOf(opened, run, isFirst)) return opened;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  if (opened !== undefined) closeSync(opened);
  throw new HuskError("conflict", `${record.name} ended just now`, { hint: "do it again" });
}

async function held<T>(home: Home, target: Target, body: (root: string) => Promise<T>): Promise<T> {
  const { record, paths } = target;
  const { folders } = home;
  const { id } = record;
  const { options: asked, isNew } = await runOptionsOf(home, record, paths);
  const { options } = await settleRoot(home, id, asked, isNew);
  const { mounts, health: _, ...rest } = options;
  const pidFile = `${paths.running.slice(0, -".json".length)}.held`;
  const prepared = await prepareContainer(
    {
      ...rest,
      command: ["/"],
      user: { user: 0, group: 0 },
      workdir: "/",
      init: false,
      tty: false,
      ...(mounts === undefined ? {} : { mounts: mountVolumes(folders.root, mounts) }),
    },
    {
      id,
      hold: true,
      pipes: true,
      runtime: { pidFile },
      ...(hasWritableFolder(options) ? { writable: { path: paths.folder, isNew, volatile: false } } : {}),
    },
  );
  const { cgroups, plan } = prepared.planned;
  await makeRoot(home, options, prepared);
  const launched = await launch(plan, {
    keeper: installKeeper(home.keeper, folders.root),
    id: shortId(id),
    reportDirectory: folders.run,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  try {
    const ready = await firstByte(launched.keeper.stdout as ReadableStream<Uint8Array>);
    if (!ready) {
      const outcome = await launched.outcome;
      if (outcome.kind === "reported" && outcome.report.outcome === "failed")
        throw launchError(prepared, launched.encoded, outcome.report);
      throw new HuskError(
        "failed",
        `cannot mount the root file system of ${record.name}: its keeper was killed`,
      );
    }
    return await body(`/proc/${readFileSync(pidFile, "latin1").trim()}/root`);
  } finally {
    launched.keeper.kill(SIGKILL);
    await launched.outcome.catch(() => {});
    rmSync(pidFile, { force: true });
    if (cgroups !== undefined) removeGroups(cgroups.folders);
  }
}

const SIGKILL = 9;
