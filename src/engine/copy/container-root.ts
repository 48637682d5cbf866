import { closeSync, constants, openSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { removeGroups } from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";
import { installKeeper } from "../../platform/keeper-file.ts";
import { pause } from "../../platform/pause.ts";
import { launch } from "../../runtime/launch.ts";
import { firstByte, makeRoot, settleRoot } from "../copied-root/index.ts";
import { withContainer } from "../container/lock.ts";
import { isProcessOf } from "../container/process-of.ts";
import { readRun } from "../container/run-record.ts";
import { isAlive, readState } from "../container/state.ts";
import type { Home } from "../home.ts";
import { shortId } from "../id.ts";
import { launchError } from "../life/launch-error.ts";
import { runOptionsOf } from "../life/start.ts";
import { readTarget, type Target } from "../life/target.ts";
import { holdStill } from "./while-still.ts";
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
  signal?: AbortSignal,
): Promise<T> {
  const enter = async (): Promise<T> => {
    for (let look = 0; ; look++) {
      // Everything is opened by descriptors: where nothing can freeze it, it may as well run on.
      const { target, letGo } = await holdStill(home, id, signal);
      const { state, record } = target;
      try {
        if (!isAlive(state) || state.pid === 0) break;
        const process = openProcess(home, target);
        if (process !== undefined) return await bodyIn(process, body);
      } finally {
        letGo();
      }
      if (look === LOOKS)
        throw new HuskError("conflict", `${record.name} is ending, and does not come to its end`);
      await pause(LOOK_MS, signal);
    }
    return held(home, readTarget(home, id), body);
  };
  return withContainer(home.folders, id, enter, signal);
}

const LOOKS = 500;
const LOOK_MS = 10;
const ownPid = process.pid;

async function bodyIn<T>(process: number, body: (root: string) => Promise<T>): Promise<T> {
  try {
    return await body(`/proc/${ownPid}/fd/${process}/root`);
  } finally {
    closeSync(process);
  }
}

/**
 * /proc/PID of a container's first process: it stays that process's, whoever gets the number afterwards. Undefined: it
 * has ended, and its keeper has not written that down yet.
 */
function openProcess(home: Home, { record, state, paths }: Target): number | undefined {
  let opened: number | undefined;
  try {
    opened = openSync(`/proc/${state.pid}`, constants.O_RDONLY | constants.O_DIRECTORY);
    // Who ends gives back the root first.
    readlinkSync(`/proc/self/fd/${opened}/root`);
    const run = readRun(paths.running);
    const isFirst = (): boolean => readState(home.folders, record.id).pid === state.pid;
    if (run !== undefined && isProcessOf(opened, run, isFirst)) return opened;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  if (opened !== undefined) closeSync(opened);
  return undefined;
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
