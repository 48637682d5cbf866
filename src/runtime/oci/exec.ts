import { readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { installKeeper } from "../../platform/keeper-file.ts";
import type { ProcessIdentity } from "../../platform/process-identity.ts";
import { allCapabilities } from "../../security/index.ts";
import type { Process, Spec } from "../config.ts";
import { readHostFacts } from "../host-facts.ts";
import { launch } from "../launch.ts";
import { groupsToEnter } from "../groups-to-enter.ts";
import { type ExecRequest, planExec } from "../plan-exec.ts";
import { hookStateOf } from "../plan-hooks.ts";
import { callerOpenFiles, lowerRlimits } from "../process/rlimits.ts";
import { checkProcess } from "../validate/process.ts";
import type { ForegroundContainer, Runtime } from "./create.ts";
import { ownedStreams, passedDescriptors } from "./caller-descriptors.ts";
import { addHome } from "./home.ts";
import { openProcessHandle } from "./process-handle.ts";
import { type Container, readContainer } from "./state.ts";

/** What exec is asked for (runc exec(8)). */
export interface ExecOptions {
  readonly id: string;
  /** The program as `process` of a configuration; absent: the container's own, changed by the rest. */
  readonly process?: unknown;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** `NAME=value`, added to the container's own. */
  readonly env?: readonly string[];
  readonly tty?: boolean;
  readonly user?: { readonly uid: number; readonly gid?: number };
  readonly additionalGids?: readonly number[];
  /** Names of capabilities that are added to all sets. */
  readonly capabilities?: readonly string[];
  readonly noNewPrivileges?: boolean;
  readonly apparmorProfile?: string;
  readonly selinuxLabel?: string;
  /** Groups below the container's: `PATH` in all hierarchies or `CONTROLLER:PATH`. */
  readonly cgroups?: readonly string[];
  readonly ignorePaused?: boolean;
  readonly detach: boolean;
  readonly pidFile?: string;
  readonly consoleSocket?: string;
  readonly pidfdSocket?: string;
  readonly preserveFds?: number;
}

/**
 * Runs a program in a container.
 *
 * @returns once it has begun, if detached (`ended` is settled then); otherwise a handle on it
 * @throws HuskError "conflict" for a container in another state, in runc's words; or what failed
 */
export async function execInContainer(runtime: Runtime, options: ExecOptions): Promise<ForegroundContainer> {
  const container = readContainer(runtime.root, options.id);
  refuseUnlessRunning(container, options.ignorePaused === true);
  const { files, state, process: first } = container;
  const spec = JSON.parse(readFileSync(files.config, "utf8")) as Spec;
  const process = processOf(options, spec);
  const { detach } = options;
  const descriptors = passedDescriptors(process, options.preserveFds ?? 0);
  const handle = first === undefined ? undefined : openProcessHandle(first);
  if (first === undefined || handle === undefined) throw stopped();
  const request = whileThere(first, () => {
    addHome(process, `/proc/self/fd/${handle.fd}/root`);
    const [preserve, { pid }] = [descriptors.length, first];
    return requestOf(options, container, spec, process, preserve, { pid, handle: handle.fd }, runtime.warn);
  });
  const { plan, warnings } = planExec(request);
  for (const warning of warnings) runtime.warn(warning);
  if (state.scope?.ofUser && request.cgroups.v2 !== undefined) await reach(request.cgroups.v2);
  const launched = await launch(plan, {
    keeper: installKeeper(runtime.keeper, runtime.keeperFolder),
    id: options.id.slice(0, 12),
    reportDirectory: runtime.root,
    stdin: 0,
    stdout: 1,
    stderr: 2,
    descriptors: [...descriptors, handle.fd],
  });
  const ended = launched.outcome.then(async (outcome) => {
    handle.close();
    if (outcome.kind === "lost")
      throw new HuskError("failed", `the keeper was killed (${outcome.signal}), and the program with it`);
    const { report } = outcome;
    if (report.outcome === "failed") {
      if (openProcessHandle(first) === undefined) throw stopped();
      const { findFailure } = await import("../../plan/index.ts");
      const { setupError } = await import("./setup-error.ts");
      throw setupError(findFailure(plan, launched.encoded.operations, report), report, state.rootfs);
    }
    return report.exitCode;
  });
  if (detach) await ended;
  return { kill: (signal) => launched.keeper.kill(signal), ended };
}

/** Its files in /proc may go while they are read. */
function whileThere<T>(first: ProcessIdentity, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof HuskError) && openProcessHandle(first) === undefined) throw stopped();
    throw error;
  }
}

/** The group is one of the user's systemd's: who is not may have to go there first. */
async function reach(group: string): Promise<void> {
  const { reachUserGroup } = await import("../../cgroup/systemd/index.ts");
  await reachUserGroup(group, readHostFacts().uid);
}

function refuseUnlessRunning({ status }: Container, ignorePaused: boolean): void {
  if (status === "stopped") throw stopped();
  if (status === "creating")
    throw new HuskError("conflict", "cannot exec in a container that is being created");
  if (status === "paused" && !ignorePaused)
    throw new HuskError("conflict", "cannot exec in a paused container (use --ignore-paused to override)");
}

function stopped(): HuskError {
  return new HuskError("conflict", "cannot exec in a stopped container");
}

/** The program to run: as given, or the container's own with changes. */
function processOf(options: ExecOptions, spec: Spec): Process {
  const given = options.process as Process | undefined;
  const process: Process = given ?? { ...spec.process, args: [...(options.args ?? [])], terminal: false };
  if (process.args === undefined || process.args.length === 0)
    throw new HuskError("invalid", "process args cannot be empty");
  const {
    cwd,
    env,
    tty,
    user,
    additionalGids,
    capabilities,
    noNewPrivileges,
    apparmorProfile,
    selinuxLabel,
  } = options;
  const { execCPUAffinity } = spec.process;
  if (process.execCPUAffinity === undefined && execCPUAffinity !== undefined)
    process.execCPUAffinity = execCPUAffinity;
  if (given === undefined || tty !== undefined) process.terminal = tty === true;
  if (cwd !== undefined) process.cwd = cwd;
  if (env !== undefined) process.env = [...(process.env ?? []), ...env];
  if (user !== undefined)
    process.user = { ...process.user, uid: user.uid, ...(user.gid === undefined ? {} : { gid: user.gid }) };
  if (additionalGids !== undefined)
    process.user = {
      ...process.user,
      additionalGids: [...(process.user.additionalGids ?? []), ...additionalGids],
    };
  if (capabilities !== undefined)
    process.capabilities = withCapabilities(process.capabilities ?? {}, capabilities);
  if (noNewPrivileges !== undefined) process.noNewPrivileges = noNewPrivileges;
  if (apparmorProfile !== undefined) process.apparmorProfile = apparmorProfile;
  if (selinuxLabel !== undefined) process.selinuxLabel = selinuxLabel;
  checkProcess(process as unknown as Record<string, unknown>);
  if (options.detach && process.terminal && options.consoleSocket === undefined)
    throw new HuskError("invalid", "cannot allocate tty if husk will detach without setting console socket");
  if (options.consoleSocket !== undefined && !(options.detach && process.terminal))
    throw new HuskError("invalid", "cannot use console socket if husk will not detach or allocate tty");
  return process;
}

/** As runc's `--cap`: into every set but the ambient one, which it joins where it is inheritable already. */
function withCapabilities(
  sets: NonNullable<Process["capabilities"]>,
  added: readonly string[],
): NonNullable<Process["capabilities"]> {
  const join = (names: readonly string[] | undefined): string[] => [...new Set([...(names ?? []), ...added])];
  const { bounding, effective, permitted } = sets;
  return { ...sets, bounding: join(bounding), effective: join(effective), permitted: join(permitted) };
}

function requestOf(
  options: ExecOptions,
  { files, state }: Container,
  spec: Spec,
  process: Process,
  preserve: number,
  { pid, handle }: { readonly pid: number; readonly handle: number },
  warn: (message: string) => void,
): ExecRequest {
  const host = readHostFacts();
  const { linux } = spec;
  const namespaces = (linux.namespaces ?? []).map(({ type }) => type);
  const ownUser = namespaces.includes("user");
  if (process.rlimits !== undefined && !host.raisesLimits)
    process.rlimits = lowerRlimits(process.rlimits, readFileSync("/proc/self/limits", "latin1"), warn);
  return {
    id: options.id,
    process,
    namespaces,
    setgroupsDenied:
      ownUser && readFileSync(`/proc/self/fd/${handle}/setgroups`, "latin1").startsWith("deny"),
    cgroups: groupsToEnter(state.cgroups?.groups ?? [], options.cgroups ?? [], pid),
    seccomp: readFilter(files.seccomp),
    agent: state.seccompAgent && { ...state.seccompAgent, container: hookStateOf(state), containerPid: pid },
    personality: linux.personality,
    memoryPolicy: linux.memoryPolicy,
    availableCapabilities: ownUser ? allCapabilities : host.capabilities,
    preserve,
    detach: options.detach,
    callerPid: globalThis.process.pid,
    noNewKeyring: state.noNewKeyring === true,
    ownedStreams: process.terminal ? [] : ownedStreams(process.user.uid),
    callerOpenFiles: callerOpenFiles(),
    pidFile: options.pidFile,
    consoleSocket: options.consoleSocket,
    pidfdSocket: options.pidfdSocket,
  };
}

function readFilter(file: string): ExecRequest["seccomp"] {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch {
    return undefined;
  }
  const flags = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return { flags, program: new Uint8Array(bytes.subarray(4)) };
}
