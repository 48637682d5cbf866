import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { GroupFolders } from "../../cgroup/index.ts";
import type { LinuxNamespace } from "../../namespace/index.ts";
import { HuskError } from "../../platform/error.ts";
import { isRunning, type ProcessIdentity } from "../../platform/process-identity.ts";
import { writeError } from "../../platform/whole-file.ts";
import type { Hook } from "../config.ts";
import type { SeccompListener } from "../process/seccomp-listener.ts";
import { checkId, type ContainerFiles, containerFiles } from "./folder.ts";
import { freezerState } from "./freezer.ts";

const O_WRONLY_NONBLOCK = 0o4001;

/** What is known of a container from its creation on; it never changes. */
export interface ContainerState {
  readonly format: 1;
  readonly ociVersion: string;
  readonly id: string;
  /** Absolute paths. */
  readonly bundle: string;
  readonly rootfs: string;
  /** RFC 3339. */
  readonly created: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The husk process that creates it. */
  readonly creator: ProcessIdentity;
  readonly cgroups?: GroupFolders;
  /** The systemd unit of its groups, and whether it is the user's own systemd's. */
  readonly scope?: { readonly unit: string; readonly ofUser: boolean };
  readonly namespaces: readonly LinuxNamespace[];
  /** Programs that enter later keep their callers' session keyrings, too. */
  readonly noNewKeyring?: boolean;
  /** Who is asked about system calls that the filter leaves to somebody. */
  readonly seccompAgent?: SeccompListener;
  /** Folders of the resource control file system that go with the container, in this order. */
  readonly rdtFolders?: readonly string[];
  /** Hooks of the time after creation. */
  readonly hooks?: { readonly poststart?: readonly Hook[]; readonly poststop?: readonly Hook[] };
  /** The operation of the launch plan that executes the program, and what it tries, for start's errors. */
  readonly program?: { readonly ordinal: number; readonly name: string; readonly paths: readonly string[] };
}

/** States of a container (runtime.md, "State"), and runc's "paused". */
export type Status = "creating" | "created" | "running" | "paused" | "stopped";

/** A container as it is now. */
export interface Container {
  readonly files: ContainerFiles;
  readonly state: ContainerState;
  readonly status: Status;
  /** Its first process, while that lives. */
  readonly process: ProcessIdentity | undefined;
}

/**
 * Writes a file of a container whole or not at all; what a killed writer leaves goes with the container.
 *
 * @throws HuskError "failed": no space, no right
 */
export function writeAtomically(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}`;
  try {
    writeFileSync(temporary, content, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw writeError(path, cause);
  }
}

/**
 * Reads a container.
 *
 * @throws HuskError "not-found": `container does not exist`; "failed" if its record is damaged
 */
export function readContainer(root: string, id: string): Container {
  checkId(id);
  const files = containerFiles(root, id);
  let text: string;
  try {
    text = readFileSync(files.state, "utf8");
  } catch (cause) {
    throw new HuskError("not-found", "container does not exist", { cause });
  }
  const state = parseState(text, files);
  if (state.format !== 1) {
    throw new HuskError(
      "unsupported",
      `container ${id}: its state has the unknown format ${String(state.format)}`,
      {
        hint: "it was written by another version of husk: use that one",
      },
    );
  }
  const first = readProcess(files.process);
  const alive = first !== undefined && isRunning(first);
  return {
    files,
    state,
    status: statusOf(files, state, first !== undefined, alive),
    process: alive ? first : undefined,
  };
}

function parseState(text: string, { state, folder }: ContainerFiles): ContainerState {
  try {
    return JSON.parse(text) as ContainerState;
  } catch (cause) {
    throw new HuskError("failed", `${state} is damaged: ${(cause as Error).message}`, {
      cause,
      hint: `end what runs of the container (${folder}/process begins with its process id), then: rm -r ${folder}`,
    });
  }
}

function statusOf(files: ContainerFiles, state: ContainerState, recorded: boolean, alive: boolean): Status {
  if (!alive) return !recorded && isRunning(state.creator) ? "creating" : "stopped";
  if (waits(files.trigger)) return isFrozen(state) ? "paused" : "created";
  if (exists(files.unfinished)) return "creating";
  return isFrozen(state) ? "paused" : "running";
}

function isFrozen(state: ContainerState): boolean {
  return state.cgroups !== undefined && freezerState(state.cgroups) === "frozen";
}

/** Who the first process is, from the copy of its stat file; undefined before it was written. */
export function readProcess(file: string): ProcessIdentity | undefined {
  let stat: string;
  try {
    stat = readFileSync(file, "latin1");
  } catch {
    return undefined;
  }
  // The program's name in parentheses may itself contain both ") " and digits.
  const startTime = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return startTime === undefined ? undefined : { pid: Number.parseInt(stat, 10), startTime };
}

/**
 * Whether the container reads at its fifo: it has it open until its program is executed, whoever lives to remove it
 * (fifo(7): without a reader it cannot be opened for writing alone).
 */
function waits(trigger: string): boolean {
  let fd: number;
  try {
    fd = openSync(trigger, O_WRONLY_NONBLOCK);
  } catch {
    return false;
  }
  closeSync(fd);
  return true;
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
