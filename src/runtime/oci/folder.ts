import { lstatSync, mkdirSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";

/** The files of a container's state folder, `ROOT/ID`. */
export interface ContainerFiles {
  readonly folder: string;
  /** {@link ContainerState}: written before anything else is made. */
  readonly state: string;
  /** The configuration as it was created, without its seccomp profile: for exec and update. */
  readonly config: string;
  /** The compiled seccomp profile, for exec. */
  readonly seccomp: string;
  /** Copy of /proc/PID/stat of the first process: who it is (proc_pid_stat(5)). */
  readonly process: string;
  /** The fifo at which the container waits for start; it exists exactly as long as it waits. */
  readonly trigger: string;
  readonly unfinished: string;
  /** The fifo that tells start how it went. */
  readonly outcome: string;
  readonly lock: string;
}

export function containerFiles(root: string, id: string): ContainerFiles {
  const folder = `${root}/${id}`;
  return {
    folder,
    state: `${folder}/state.json`,
    config: `${folder}/config.json`,
    seccomp: `${folder}/seccomp`,
    process: `${folder}/process`,
    trigger: `${folder}/exec.fifo`,
    unfinished: `${folder}/exec.fifo.new`,
    outcome: `${folder}/exec.outcome`,
    lock: `${folder}/lock`,
  };
}

/** Begins the name of a folder whose container is being deleted; no container's id does. */
export const DELETED = ".deleted-";

const ID_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-";

/**
 * Checks an id that a caller chose: letters, digits and `_ + . -`, at most 200 of them. It becomes the name of a
 * folder and of control groups.
 *
 * @throws HuskError "invalid"
 */
export function checkId(id: string): void {
  let known = id.length >= 1 && id.length <= 200 && id !== "." && id !== ".." && !id.startsWith(DELETED);
  for (let i = 0; known && i < id.length; i++) known = ID_CHARACTERS.includes(id[i] as string);
  if (known) return;
  throw new HuskError("invalid", "invalid container ID format", {
    hint: `${JSON.stringify(id)}: letters, digits and _ + . - are possible, at most 200, not beginning with ${DELETED}`,
  });
}

/** Makes the folder of all states (0700) where it is missing, and refuses somebody else's. */
export function openRoot(root: string): void {
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new HuskError("denied", `cannot make the state folder ${root}: ${(cause as Error).message}`, {
      cause,
      hint: "give another one with --root DIR",
    });
  }
  const { uid, mode } = lstatSync(root);
  const own = uid === (process.geteuid?.() ?? 0) && (mode & 0o170000) === 0o040000 && (mode & 0o022) === 0;
  if (own) return;
  throw new HuskError("denied", `the state folder ${root} belongs to or is writable for somebody else`, {
    hint: "give one of your own with --root DIR",
  });
}
