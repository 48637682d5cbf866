import { closeSync, mkdirSync, openSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { type CgroupMount, cgroupMounts, type Group, readLayout } from "../../cgroup/index.ts";
import { namespaceFiles } from "../../namespace/index.ts";
import { HuskError } from "../../platform/error.ts";
import { List, type Memory } from "../../plan/index.ts";
import type { Spec } from "../config.ts";
import { converseWithCriu, CRIU_ANSWER } from "../criu/converse.ts";
import { externalMounts } from "../criu/external-mounts.ts";
import { criuFailure } from "../criu/failure.ts";
import { dumpRequest, type Feature, featureRequest, hasFeature } from "../criu/request.ts";
import { readHostFacts } from "../host-facts.ts";
import type { Runtime } from "./create.ts";
import { deleteContainer } from "./delete.ts";
import { withLock } from "./lock.ts";
import { performList } from "./small-plan.ts";
import { type Container, readContainer } from "./state.ts";

/** What checkpoint and restore are both asked for (runc checkpoint(8), runc restore(8)). */
export interface CriuFlags {
  /** Absolute paths of folders. */
  readonly images: string;
  readonly work?: string;
  readonly tcpEstablished: boolean;
  readonly externalUnixSockets: boolean;
  readonly shellJob: boolean;
  readonly fileLocks: boolean;
  readonly autoDedup: boolean;
  readonly lazyPages: boolean;
  readonly cgroupsMode?: string;
  /** Name or path of criu. */
  readonly criu: string;
}

export interface CheckpointOptions extends CriuFlags {
  readonly parent?: string;
  readonly leaveRunning: boolean;
  readonly preDump: boolean;
  readonly tcpSkipInFlight: boolean;
  readonly linkRemap: boolean;
  readonly statusFd?: number;
  readonly pageServer?: { readonly address: string; readonly port: number };
}

const FIRST_PASSED = 3;

/** File beside the images that says what the standard streams were (runc's). */
export const DESCRIPTORS = "descriptors.json";

/**
 * Writes the state of a container's processes into files, from which {@link restoreContainer} makes them again. The
 * container is gone afterwards, unless it is left running or only its memory was written.
 *
 * @throws HuskError "conflict" unless it is running or paused; what criu failed at, with its log's words
 */
export async function checkpointContainer(
  runtime: Runtime,
  id: string,
  options: CheckpointOptions,
): Promise<void> {
  const { files } = readContainer(runtime.root, id);
  await withLock(files.lock, async () => dump(runtime, readContainer(runtime.root, id), options));
  if (!options.leaveRunning && !options.preDump) await deleteContainer(runtime, id, true);
}

async function dump(runtime: Runtime, container: Container, options: CheckpointOptions): Promise<void> {
  const { status, state, process: first, files } = container;
  if (first === undefined || status === "created" || status === "creating" || status === "stopped")
    throw new HuskError("conflict", `Container cannot be checkpointed in ${status} state`);
  if (!readHostFacts().privileged) runtime.warn("checkpoint is untested with rootless containers");
  if (options.preDump || options.parent !== undefined) await checkFeature(runtime, options.criu, "MemTrack");
  if (options.lazyPages) await checkFeature(runtime, options.criu, "LazyPages");
  const spec = JSON.parse(readFileSync(files.config, "utf8")) as Spec;
  const { images, work, preDump, statusFd } = options;
  makeFolders(images, work);
  checkParent(options);
  const kind = preDump ? "preDump" : "dump";
  const logFile = "dump.log";
  const root = `/proc/${first.pid}/root`;
  const mounts = preDump ? [] : externalMounts(spec, state.bundle, root, boundGroups(container, spec));
  const places = mounts.map(({ place }) => [place, place] as const);
  const masked = preDump ? [] : maskedFiles(spec, root).map((path) => [path, "/dev/null"] as const);
  if (!preDump)
    writeFileSync(`${images}/${DESCRIPTORS}`, JSON.stringify(standardStreams(first.pid)), { mode: 0o600 });

  const opened = [openSync(images, "r"), ...(work === undefined ? [] : [openSync(work, "r")])];
  // Where criu finds its end of the socket: the number has to be one that exec leaves open.
  const passed = [...opened, ...(statusFd === undefined ? [] : [statusFd]), opened[0] as number];
  const request = dumpRequest(kind, {
    ...options,
    imagesFd: FIRST_PASSED,
    workFd: work === undefined ? undefined : FIRST_PASSED + 1,
    statusFd: statusFd === undefined ? undefined : FIRST_PASSED + opened.length,
    logFile,
    pid: first.pid,
    root: state.rootfs,
    configFile: configFile(spec),
    externalMounts: [...places, ...masked],
    external: externalNamespaces(container),
    freezer: freezerOf(container),
  });
  const list = new List(`checkpoint of ${state.id}`);
  const exports = new Map<string, Memory>();
  const socketAt = FIRST_PASSED + passed.length - 1;
  converseWithCriu(list, exports, { kind, request, program: options.criu, socketAt });
  try {
    await performList(runtime, list, {
      descriptors: passed,
      exports,
      failed: (report, failure) => criuFailure(kind, failure, report, `${work ?? images}/${logFile}`),
    });
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

/** @throws HuskError "unavailable" if this kernel or criu lacks what is asked for */
async function checkFeature(runtime: Runtime, program: string, feature: Feature): Promise<void> {
  const list = new List("criu");
  const exports = new Map<string, Memory>();
  const nothing = openSync("/dev/null", "r");
  try {
    const request = featureRequest(feature);
    converseWithCriu(list, exports, { kind: "features", request, program, socketAt: FIRST_PASSED });
    const told = await performList(runtime, list, {
      descriptors: [nothing],
      exports,
      failed: (report, failure) => criuFailure("features", failure, report, "none"),
    });
    if (hasFeature(told.get(CRIU_ANSWER) ?? new Uint8Array(0), feature)) return;
  } finally {
    closeSync(nothing);
  }
  throw new HuskError("unavailable", "CRIU is missing features", {
    hint: `${feature}: this kernel or criu does not have it`,
  });
}

/** Makes the folders for images and logs; each may be there already. */
export function makeFolders(images: string, work: string | undefined): void {
  for (const folder of [images, ...(work === undefined ? [] : [work])]) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw new HuskError("denied", `cannot make the folder ${folder}: ${(cause as Error).message}`, {
        cause,
      });
    }
  }
}

function checkParent({ images, parent }: CheckpointOptions): void {
  if (parent === undefined) return;
  if (parent.startsWith("/")) throw new HuskError("invalid", "--parent-path must be relative");
  const info = statSync(`${images}/${parent}`, { throwIfNoEntry: false });
  if (info?.isDirectory() !== true)
    throw new HuskError(
      "invalid",
      `invalid --parent-path: ${images}/${parent}: ${info === undefined ? "no such file or directory" : "not a directory"}`,
    );
}

/** criu's settings for containers, unless an annotation names another file or, empty, none. */
export function configFile(spec: Spec): string | undefined {
  const named = spec.annotations?.["org.criu.config"];
  return named === undefined ? "/etc/criu/runc.conf" : named === "" ? undefined : named;
}

function standardStreams(pid: number): string[] {
  return [0, 1, 2].map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return "";
    }
  });
}

/** Masked files are covered by the null device; masked folders by file systems of their own. */
function maskedFiles({ linux }: Spec, root: string): string[] {
  return (linux.maskedPaths ?? []).filter(
    (path) => statSync(`${root}${path}`, { throwIfNoEntry: false })?.isDirectory() === false,
  );
}

/** Namespaces that were joined stay outside of the images. */
function externalNamespaces({ state }: Container): string[] {
  const found: string[] = [];
  for (const { type, path } of state.namespaces)
    if (path && (type === "network" || type === "pid"))
      found.push(`${namespaceFiles[type]}[${statSync(path).ino}]:${externalKey(type)}`);
  return found;
}

/** By this name a namespace outside is found again. */
export function externalKey(type: "network" | "pid"): string {
  return type === "network" ? "extRootNetNS" : "extRootPidNS";
}

function freezerOf({ state }: Container): string | undefined {
  return state.cgroups?.groups.find((path) => {
    const file = (name: string): boolean =>
      statSync(`${path}/${name}`, { throwIfNoEntry: false }) !== undefined;
    return file("freezer.state") || file("cgroup.freeze");
  });
}

/** What a mount of type `cgroup` of a container consists of, from the paths of its groups. */
function boundGroups({ state }: Container, spec: Spec): CgroupMount[] {
  const { hierarchies } = readLayout();
  const groups: Group[] = [];
  for (const path of state.cgroups?.groups ?? []) {
    const hierarchy = hierarchies.find(({ mount }) => path.startsWith(`${mount}/`));
    if (hierarchy !== undefined)
      groups.push({ hierarchy, path, base: hierarchy.mount, parents: [], removable: [] });
  }
  return cgroupMounts(
    groups,
    (spec.linux.namespaces ?? []).some(({ type }) => type === "cgroup"),
  );
}
