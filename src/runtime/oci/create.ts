import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { evacuate, groupsLeft, removeGroups } from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";
import { installKeeper, type KeeperSource } from "../../platform/keeper-file.ts";
import { ownIdentity } from "../../platform/process-identity.ts";
import { writeError } from "../../platform/whole-file.ts";
import type { EncodedPlan, Report } from "../../plan/index.ts";
import type { Hooks } from "../config.ts";
import { type KeeperOutcome, type Launched, launch } from "../launch.ts";
import { checkId, containerFiles, type ContainerFiles, openRoot } from "./folder.ts";
import {
  type CreateMode,
  type CreateOptions,
  type Prepare,
  type Prepared,
  prepareBundle,
  readConfig,
} from "./prepare.ts";
import type { Scope } from "./scope.ts";
import { type ContainerState, writeAtomically } from "./state.ts";

/** Where an OCI runtime keeps its state, and the keeper it starts. */
export interface Runtime {
  /** Folder of the containers' states. */
  readonly root: string;
  readonly keeper: KeeperSource;
  /** Folder the keeper's program is written to; it has to allow execution. */
  readonly keeperFolder: string;
  /** Is told what is stricter than asked. */
  readonly warn: (message: string) => void;
  /** Is told what only somebody wants to know who looks for a fault. */
  readonly debug?: (message: string) => void;
}

/** A container that has been handed to a keeper which stays. */
export interface ForegroundContainer {
  kill(signal: number): void;
  /** The program's exit status. */
  readonly ended: Promise<number>;
}

/**
 * Creates a container that waits for its start (`create`), or runs on its own (`run --detach`). No process of husk's
 * stays: its first process becomes the child of whoever reaps this process's children.
 *
 * @throws HuskError "conflict": `container with given ID already exists`; or what failed. Nothing is left behind
 */
export async function createContainer(
  runtime: Runtime,
  options: CreateOptions,
  mode: "wait" | "detach",
  prepare: Prepare = prepareBundle,
): Promise<void> {
  const { launched, prepared, files, scope } = await begin(runtime, options, mode, [], prepare);
  let outcome: KeeperOutcome | undefined;
  try {
    outcome = await launched.outcome;
    await finish(outcome, prepared, launched.encoded);
    await scope?.settle();
  } catch (error) {
    abandon(files, prepared, outcome);
    await scope?.stop();
    throw error;
  }
}

/**
 * Runs a container below this process until it ends.
 *
 * @param keep leave its state for state and delete
 */
export async function runInForeground(
  runtime: Runtime,
  options: CreateOptions,
  keep: boolean,
  prepare: Prepare = prepareBundle,
): Promise<ForegroundContainer> {
  const removed = keep ? [] : (["state"] as const);
  const { launched, prepared, files, scope } = await begin(runtime, options, "foreground", removed, prepare);
  const ended = launched.outcome.then(async (outcome) => {
    let isLeft = true;
    try {
      const { exports, exitCode } = await finish(outcome, prepared, launched.encoded);
      // The keeper removes everything, unless something would not die in time.
      isLeft = groupsLeft(exports);
      return exitCode;
    } finally {
      if (!keep && isLeft) abandon(files, prepared, outcome);
      if (!keep) await scope?.stop();
    }
  });
  await scope?.settleAfter(files.process, launched.outcome);
  return { kill: (signal) => launched.keeper.kill(signal), ended };
}

interface Begun {
  readonly launched: Launched;
  readonly prepared: Prepared;
  readonly files: ContainerFiles;
  readonly scope: Scope | undefined;
}

async function begin(
  runtime: Runtime,
  options: CreateOptions,
  mode: CreateMode,
  removed: readonly (keyof ContainerFiles)[],
  prepare: Prepare,
): Promise<Begun> {
  const { id } = options;
  checkId(id);
  const files = containerFiles(runtime.root, id);
  // Whoever has the id has its control groups as well; that would be the less helpful complaint.
  if (existsSync(files.folder)) throw taken();
  const everything = removed.length === 0 ? [] : [files.state, files.config, files.seccomp, files.process];
  const scope = options.cgroupManager === "systemd" ? await scopeFor(runtime, options) : undefined;
  try {
    return await beginIn(runtime, options, mode, files, everything, scope, prepare);
  } catch (error) {
    await scope?.stop();
    throw error;
  }
}

async function scopeFor(runtime: Runtime, options: CreateOptions): Promise<Scope> {
  const spec = readConfig(options, () => {});
  openRoot(runtime.root);
  return (await import("./scope.ts")).openScope(runtime, options.id, spec);
}

async function beginIn(
  runtime: Runtime,
  options: CreateOptions,
  mode: CreateMode,
  files: ContainerFiles,
  removed: readonly string[],
  scope: Scope | undefined,
  prepare: Prepare,
): Promise<Begun> {
  const prepared = await prepare(runtime, options, mode, files, removed, scope?.group);
  for (const warning of prepared.warnings) runtime.warn(warning);
  const { id } = options;
  const { planned } = prepared;
  for (const name of planned.seccomp?.uncovered ?? [])
    runtime.warn(
      `linux.seccomp: unknown system call ${JSON.stringify(name)} is treated as by default, not as its rule says`,
    );
  for (const name of planned.seccomp?.unknown ?? [])
    runtime.debug?.(`unknown seccomp syscall ${JSON.stringify(name)} ignored`);
  const keeper = installKeeper(runtime.keeper, runtime.keeperFolder);
  claim(runtime.root, files);
  try {
    if (planned.cgroups?.evacuate !== undefined) evacuate(planned.cgroups.evacuate);
    const launched = await launch(planned.plan, {
      keeper,
      id: id.slice(0, 12),
      reportDirectory: runtime.root,
      stdin: 0,
      stdout: 1,
      stderr: 2,
      descriptors: prepared.descriptors,
      encoded: () => record(files, options, prepared, scope),
    });
    return { launched, prepared, files, scope };
  } catch (error) {
    abandon(files, prepared);
    throw error;
  }
}

/** Takes the id: the folder can be made only once. */
function claim(root: string, files: ContainerFiles): void {
  for (let attempt = 0; ; attempt++) {
    try {
      return mkdirSync(files.folder, { mode: 0o700 }) as undefined;
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === "EEXIST") throw taken(cause);
      if (code !== "ENOENT" || attempt > 0)
        throw new HuskError(
          "denied",
          `cannot make the state folder ${files.folder}: ${(cause as Error).message}`,
          {
            cause,
          },
        );
      openRoot(root);
    }
  }
}

function taken(cause?: unknown): HuskError {
  return new HuskError(
    "conflict",
    "container with given ID already exists",
    cause === undefined ? {} : { cause },
  );
}

function record(
  files: ContainerFiles,
  options: CreateOptions,
  { spec, rootfs, planned }: Prepared,
  scope: Scope | undefined,
): void {
  const { ociVersion, annotations, hooks, process, linux } = spec;
  const { program, cgroups, seccomp, agent, rdtFolders } = planned;
  const state: ContainerState = {
    format: 1,
    ociVersion,
    id: options.id,
    bundle: options.bundle,
    rootfs,
    created: new Date().toISOString(),
    ...(annotations === undefined ? {} : { annotations }),
    creator: ownIdentity(),
    ...(cgroups === undefined || cgroups.groups.length === 0 ? {} : { cgroups: cgroups.folders }),
    ...(scope === undefined ? {} : { scope: { unit: scope.unit, ofUser: scope.ofUser } }),
    namespaces: linux.namespaces ?? [],
    ...(options.noNewKeyring ? { noNewKeyring: true } : {}),
    ...(agent === undefined ? {} : { seccompAgent: agent }),
    ...(rdtFolders === undefined || rdtFolders.length === 0 ? {} : { rdtFolders }),
    ...laterHooks(hooks),
    ...(program === undefined
      ? {}
      : { program: { ordinal: program.ordinal, name: process.args[0] as string, paths: program.paths } }),
  };
  // Until the state is there nobody reads the others.
  if (seccomp !== undefined) {
    const file = new Uint8Array(4 + seccomp.program.length);
    new DataView(file.buffer).setUint32(0, seccomp.flags, true);
    file.set(seccomp.program, 4);
    writeOwn(files.seccomp, file);
  }
  const { seccomp: _, ...rest } = linux;
  writeOwn(files.config, JSON.stringify({ ...spec, linux: rest }));
  writeAtomically(files.state, JSON.stringify(state));
}

function writeOwn(path: string, content: string | Uint8Array): void {
  try {
    writeFileSync(path, content, { mode: 0o600 });
  } catch (cause) {
    throw writeError(path, cause);
  }
}

function laterHooks(hooks: Hooks | undefined): Pick<ContainerState, "hooks"> {
  const { poststart, poststop } = hooks ?? {};
  if (!poststart?.length && !poststop?.length) return {};
  return { hooks: { ...(poststart && { poststart }), ...(poststop && { poststop }) } };
}

async function finish(
  outcome: Awaited<Launched["outcome"]>,
  prepared: Prepared,
  encoded: EncodedPlan,
): Promise<Report> {
  if (outcome.kind === "lost")
    throw new HuskError("failed", `the keeper was killed (${outcome.signal}) while it set up the container`);
  const { report } = outcome;
  if (report.outcome === "failed") {
    const { findFailure } = await import("../../plan/index.ts");
    const { setupError } = await import("./setup-error.ts");
    const failure = findFailure(prepared.planned.plan, encoded.operations, report);
    throw prepared.failed?.(report, failure) ?? setupError(failure, report, prepared.rootfs);
  }
  return report;
}

/**
 * Removes what is left of a container that did not come to be, or has ended. A keeper that could tell how it went has
 * removed the groups that were the container's, and only it knows whether they were.
 */
function abandon(files: ContainerFiles, { planned }: Prepared, outcome?: KeeperOutcome): void {
  const cleared = outcome?.kind === "reported" && !groupsLeft(outcome.report.exports);
  if (planned.cgroups !== undefined && !cleared) removeGroups(planned.cgroups.folders);
  rmSync(files.folder, { recursive: true, force: true });
}
