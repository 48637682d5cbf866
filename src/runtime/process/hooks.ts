import { Clone, cloneArgs, Exec, List, Memory, type Result, Wait } from "../../plan/index.ts";
import type { Hook } from "../config.ts";

const MFD_CLOEXEC = 1;
const CLOSE_RANGE_CLOEXEC = 4;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const O_CLOEXEC = 0o2000000;
/** How much of what hooks print is kept for an error. */
const OUTPUT_BYTES = 1024;
const OUTPUT_EXPORT = "hooks.output";

/** The points of a container's life at which hooks run (config.md, "POSIX-platform Hooks"). */
export type HookKind =
  | "prestart"
  | "createRuntime"
  | "createContainer"
  | "startContainer"
  | "poststart"
  | "poststop";

/** What hooks are told on their standard input (runtime.md, "State"), but the process id. */
export interface HookState {
  readonly ociVersion: string;
  readonly id: string;
  readonly bundle: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The hooks of one point of a container's life. */
export interface HookRun {
  readonly kind: HookKind;
  readonly hooks: readonly Hook[];
  readonly state: HookState;
  readonly status: string;
  /** Process id for the state; absent: left out, as for a container that has ended. */
  readonly pid?: Result | number | undefined;
  /** Where hooks start; absent: where the process that runs them is. */
  readonly directory?: string;
  /** Gets what they print, if it is not to be lost; see {@link openHookOutput}. */
  readonly output?: Result | undefined;
}

/** A nameless file for what hooks print, read back after a failure; {@link hookOutput} has it then. */
export function openHookOutput(keeper: List, cleanup: List, exports: Map<string, Memory>): Result {
  keeper.step("what hooks print", "kept for the error, if one fails");
  const file = keeper.call("memfd_create", "hooks", MFD_CLOEXEC);
  const text = new Memory(OUTPUT_BYTES);
  exports.set(OUTPUT_EXPORT, text);
  cleanup.step("what hooks printed", "it goes into the error");
  cleanup.call("pread64", file, text, OUTPUT_BYTES, 0);
  return file;
}

/** What hooks printed, from a report. */
export function hookOutput(exports: ReadonlyMap<string, Uint8Array>): string {
  const bytes = exports.get(OUTPUT_EXPORT);
  if (bytes === undefined) return "";
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end)).trimEnd();
}

/**
 * Runs hooks one after the other: the state as their standard input, their own environment and nothing of this
 * one's, at most their `timeout` long. The state is a file, so a hook that does not read it misses nothing.
 */
export function runHooks(list: List, run: HookRun): void {
  const { kind, hooks, directory } = run;
  if (hooks.length === 0) return;
  list.step(`${kind} hooks`, "programs that the configuration wants to have run at this point");
  const state = writeState(list, run);
  const output =
    run.output ?? list.call("openat", -100, "/dev/null", O_CLOEXEC | 1, 0).accept("ENOENT", "EACCES");
  hooks.forEach((hook, index) => {
    const about = `${kind} hook #${index} ${hook.path}`;
    const process = new List(about);
    process.step(about, "in a process of its own");
    process.call("prctl", PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    process.call("dup3", state, 0, 0);
    process.when(output, "succeeded", () => {
      process.call("dup3", output, 1, 0);
      process.call("dup3", output, 2, 0);
    });
    process.call("close_range", 3, -1, CLOSE_RANGE_CLOEXEC).accept("ENOSYS");
    if (directory !== undefined) process.call("chdir", directory).accept("ENOENT", "EACCES");
    process.add(new Exec([hook.path], hook.args?.length ? hook.args : [hook.path], hook.env ?? [])).object =
      about;
    list.call("lseek", state, 0, 0);
    const pid = list.add(new Clone(cloneArgs(0), process));
    list.add(new Wait(pid, (hook.timeout ?? 0) * 1000)).object = about;
  });
}

function writeState(list: List, { state, status, pid }: HookRun): Result {
  const { ociVersion, id, bundle, annotations } = state;
  const file = list.call("memfd_create", "state", MFD_CLOEXEC);
  const write = (text: string): void => {
    const bytes = new TextEncoder().encode(text);
    list.call("write", file, bytes, bytes.length).expect(bytes.length);
  };
  const rest = JSON.stringify({ bundle, ...(annotations === undefined ? {} : { annotations }) }).slice(1);
  write(`${JSON.stringify({ ociVersion, id, status }).slice(0, -1)},`);
  if (typeof pid === "number") write(`"pid":${pid},`);
  else if (pid !== undefined) {
    const digits = new Memory(12);
    const length = list.store(pid, digits, 0, "decimal");
    write('"pid":');
    list.call("write", file, digits, length);
    write(",");
  }
  write(rest);
  return file;
}
