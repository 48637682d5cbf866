// A container of nothing but namespaces and a root file system, made by a plan of the rootfs room alone.
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { explain, explainedTree } from "../src/plan/explain/index.ts";
import {
  Clone,
  cloneArgs,
  decodeReport,
  encode,
  Exec,
  failureError,
  findFailure,
  Keep,
  List,
  type Plan,
} from "../src/plan/index.ts";
import {
  addDevices,
  addMounts,
  type AttachedRoot,
  attachRoot,
  type LinuxDevice,
  makePathsReadonly,
  makeRootPrivate,
  makeRootReadonly,
  maskPaths,
  type Mount,
  type MountContext,
  needsDevices,
  pivotRoot,
  type RootfsPropagation,
  type RootfsSource,
  writeSysctls,
} from "../src/rootfs/index.ts";
import { repository, temporaryFolder } from "./harness/index.ts";

/** New mount, uts, ipc, pid and network namespaces. */
const NAMESPACES = 0x20000 | 0x4000000 | 0x8000000 | 0x20000000 | 0x40000000;

export interface RootfsContainer {
  readonly source: RootfsSource;
  readonly mounts?: readonly Mount[];
  readonly devices?: readonly LinuxDevice[];
  readonly bindDevices?: boolean;
  readonly masked?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly readonly?: boolean;
  readonly noPivot?: boolean;
  readonly propagation?: RootfsPropagation;
  readonly context?: Partial<MountContext>;
  /** More steps, before pivot_root. */
  readonly inside?: (list: List, root: AttachedRoot) => void;
  /** Run by the container's /bin/sh. */
  readonly command: string;
  readonly timed?: boolean;
  /** A program that starts the keeper, such as unshare(1). */
  readonly wrap?: readonly string[];
}

export const defaultMounts: readonly Mount[] = [
  { destination: "/proc", type: "proc", source: "proc" },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
  },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
  },
  {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
  },
  { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
  { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
];

/** The plan of such a container. */
function rootfsPlan(wanted: RootfsContainer): Plan {
  const keeper = new List("keeper");
  const list = new List("container");
  const { source, mounts = defaultMounts, propagation, noPivot } = wanted;
  const propagated = propagation === undefined ? {} : { propagation };
  makeRootPrivate(list, propagation);
  const root = attachRoot(list, source, propagated);
  const mounted = addMounts({ root: root.view, source, bundle: "/", ...wanted.context }, mounts);
  if (needsDevices(mounts)) addDevices(root.view, wanted.devices, { bind: wanted.bindDevices ?? false });
  wanted.inside?.(list, root);
  pivotRoot(list, root, { noPivot: noPivot ?? false, ...propagated });
  if (wanted.readonly) makeRootReadonly(list, root);
  writeSysctls(root.view, mounted, wanted.sysctls ?? {});
  makePathsReadonly(root.view, wanted.readonlyPaths ?? []);
  maskPaths(root.view, wanted.masked ?? []);
  list.step("program", "for the test");
  list.add(
    new Exec(["/bin/sh"], ["sh", "-c", wanted.command], ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]),
  );
  keeper.step("start", "for the test");
  const pid = keeper.add(new Clone(cloneArgs(NAMESPACES), list));
  keeper.add(new Keep({ pid }));
  return { keeper, cleanup: new List("cleanup"), exports: new Map() };
}

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Of a plan that failed: what husk would say. */
  readonly error: string | undefined;
  /** What was done and how long it took, if the plan was timed. */
  readonly tree: string;
}

/** Makes such a container and waits for it. */
export function runContainer(wanted: RootfsContainer): Outcome {
  const plan = rootfsPlan(wanted);
  const encoded = encode(plan, { timed: wanted.timed ?? false });
  const path = join(temporaryFolder("rootfs-report"), "report");
  const report = openSync(path, "w+");
  const command = [...(wanted.wrap ?? []), join(repository, "dist/keeper"), "test"];
  const nothing = openSync("/dev/null", "r");
  const { status, stdout, stderr } = spawnSync(command[0] as string, command.slice(1), {
    input: encoded.bytes,
    stdio: ["pipe", "pipe", "pipe", nothing, report],
    timeout: 20_000,
    encoding: "utf8",
  });
  closeSync(report);
  closeSync(nothing);
  const decoded = decodeReport(new Uint8Array(readFileSync(path)), encoded);
  const failed = decoded?.outcome === "failed" ? findFailure(plan, encoded.operations, decoded) : undefined;
  const tree =
    decoded === undefined ? "" : explainedTree(explain(plan, decoded), { colour: false, calls: true });
  return { status, stdout, stderr, error: failed && failureError(failed).message, tree };
}
