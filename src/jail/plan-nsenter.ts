import { existsSync, readlinkSync } from "node:fs";
import {
  namespaceFiles,
  namespaceFlags,
  namespaceReasons,
  type NamespaceType,
  openNamespaces,
} from "../namespace/index.ts";
import { type Call, Clone, cloneArgs, List, quote, type Result, Wait } from "../plan/index.ts";
import { HuskError } from "../platform/error.ts";
import { dieWithKeeper, openSelf } from "../runtime/process/lifetime.ts";
import type { HandPlan } from "./hand-plan.ts";
import { keeperDiesWithCaller } from "./lifetime.ts";
import { becomeProgram, keepProgram, programOrShell } from "./program.ts";
import { becomeIds } from "./unshare-place.ts";

const AT_FDCWD = -100;
const CLONE_PARENT = 0x8000;
const O_PATH_CLOEXEC = 0o12000000;
const MILLISECONDS = 60_000;

/** What `nsenter` is asked for, in the words of nsenter(1). */
export interface NsenterOptions {
  readonly target: number | undefined;
  /** Every namespace of the target. */
  readonly all: boolean;
  /** Namespaces to enter; with the file that leads to one, or "" for the target's. */
  readonly namespaces: ReadonlyMap<NamespaceType, string>;
  /** Folder that becomes the root, opened before anything is entered; "": the target's. */
  readonly root: string | undefined;
  /** The same for the working directory. */
  readonly workingDirectory: string | undefined;
  /** Working directory as a path inside. */
  readonly insideDirectory: string | undefined;
  readonly setuid: number | undefined;
  readonly setgid: number | undefined;
  readonly preserveCredentials: boolean;
  readonly noFork: boolean;
  readonly command: readonly string[];
}

/**
 * `nsenter`: a program in namespaces that exist, and nothing else of a container (nsenter(1) of util-linux).
 *
 * @param callerPid husk's own process
 * @param words the command line's options and program, for the script
 * @throws HuskError "invalid" where a target is missing, "not-found" for a process or file that is not there
 */
export function planNsenter(options: NsenterOptions, callerPid: number, words: readonly string[]): HandPlan {
  const { noFork } = options;
  const entered = namespacesToEnter(options);
  const keeper = new List("keeper");
  const first = new List("entering");
  const self = openSelf(keeper);
  keeperDiesWithCaller(keeper, callerPid);
  const opened = openNamespaces(keeper, entered);
  const root = openPlace(keeper, "root directory", options.root, options, "root");
  let directory = openPlace(keeper, "working directory", options.workingDirectory, options, "cwd");
  // With a root of one's own choice the working directory stays, as in nsenter(1).
  if (options.root && directory === undefined && options.insideDirectory === undefined)
    directory = openPlace(keeper, "working directory", ".", options, "cwd");

  keeper.step("new process", "it enters the namespaces, so that husk stays outside", () => "# fork(2)");
  const between = keeper.add(new Clone(cloneArgs(0), first));
  const asRoot = entered.some(({ type }) => type === "user") && !options.preserveCredentials;
  const gid = options.setgid ?? (asRoot ? 0 : undefined);
  const early = gid === undefined ? undefined : dropGroups(first);
  enter(first, opened);
  if (root !== undefined) {
    first.step(
      "change the root",
      "paths begin at the folder that was opened",
      () => `# chroot ${quote(options.root || "/")}`,
    );
    first.call("fchdir", root);
    first.call("chroot", ".").about(options.root || "the target's root");
  }
  if (options.insideDirectory !== undefined) {
    first.step(
      `working directory ${options.insideDirectory}`,
      "looked up inside",
      () => `cd ${quote(options.insideDirectory ?? "")}`,
    );
    first.call("chdir", options.insideDirectory).about(options.insideDirectory);
  } else if (directory !== undefined) {
    first.step("working directory", "the folder that was opened outside", () => "# fchdir(2)");
    first.call("fchdir", directory);
  }

  let program = first;
  let pid: Result = between;
  if (entered.some(({ type }) => type === "pid") && !noFork) {
    program = new List("program");
    first.step("child in the pid namespace", "only children are members of a pid namespace that was entered");
    pid = first.add(new Clone(cloneArgs(CLONE_PARENT), program));
    keeper.step("wait for the child's birth", "who entered the namespaces is not needed any more");
    keeper.add(new Wait(between, MILLISECONDS));
  }
  becomeIds(program, { setuid: options.setuid ?? (asRoot ? 0 : undefined), setgid: gid }, early);
  dieWithKeeper(program, self);
  becomeProgram(program, programOrShell(options.command));
  keepProgram(keeper, pid);
  const place =
    options.root ||
    (entered.some(({ type }) => type === "mount") ? "the entered mount namespace" : undefined);
  return {
    plan: { keeper, cleanup: new List("afterwards"), exports: new Map() },
    ...(place === undefined ? {} : { rootfs: place }),
    shell: () => `exec nsenter ${words.map(quote).join(" ")}\n`,
  };
}

/** Tried before and after entering: whoever may do it outside may not inside, where setgroups(2) is denied, or the other way round. */
function dropGroups(list: List): Call {
  list.step(
    "drop supplementary groups",
    "they are the caller's, and nobody's inside",
    () => "# setpriv --clear-groups",
  );
  return list.call("setgroups", 0, null).accept("EPERM");
}

/** The namespaces with the files that lead to them. */
function namespacesToEnter(options: NsenterOptions): { type: NamespaceType; path: string }[] {
  const { target, all, namespaces } = options;
  const found: { type: NamespaceType; path: string }[] = [];
  if (target !== undefined && !existsSync(`/proc/${target}/ns`)) {
    throw new HuskError("not-found", `process ${target} does not exist`, {
      hint: "ps -e lists those that do",
    });
  }
  if (all && target === undefined) throw needsTarget("--all");
  for (const type in namespaceFlags) {
    const kind = type as NamespaceType;
    const file = namespaces.get(kind);
    if (file) found.push({ type: kind, path: file });
    else if (file === "" || (all && isWorthEntering(kind, target))) {
      if (target === undefined)
        throw needsTarget(`--${namespaceFiles[kind] === "mnt" ? "mount" : namespaceFiles[kind]}`);
      found.push({ type: kind, path: `/proc/${target}/ns/${namespaceFiles[kind]}` });
    }
  }
  return found;
}

/** --all leaves out the own user namespace, which setns(2) refuses, and kinds this kernel does not have. */
function isWorthEntering(type: NamespaceType, target: number | undefined): boolean {
  const file = namespaceFiles[type];
  if (!existsSync(`/proc/${target}/ns/${file}`)) return false;
  return (
    type !== "user" || readlinkSync(`/proc/${target}/ns/${file}`) !== readlinkSync(`/proc/self/ns/${file}`)
  );
}

function needsTarget(option: string): HuskError {
  return new HuskError("invalid", `${option}: no target process to take it from`, {
    hint: "give one with --target PID, or a file with =FILE",
  });
}

/**
 * Enters namespaces in two turns, as nsenter(1): first with the caller's rights all but the user namespace, then
 * that one, and then, with the rights it gives, what was refused before.
 */
function enter(list: List, opened: ReturnType<typeof openNamespaces>): void {
  const user = opened.find(({ type }) => type === "user");
  const refused: { fd: Call; flag: number; about: string; first: Call }[] = [];
  for (const { type, path, fd } of opened) {
    if (type === "user") continue;
    list.step(
      `enter the ${type} namespace`,
      `shared from now on: ${namespaceReasons[type]}`,
      () => `# setns(2) ${path}`,
    );
    const about = `${path} as ${type} namespace`;
    const first = list.call("setns", fd, namespaceFlags[type]).about(about);
    if (user === undefined) continue;
    first.accept("EPERM");
    refused.push({ fd, flag: namespaceFlags[type], about, first });
  }
  if (user === undefined) return;
  list.step("enter the user namespace", namespaceReasons.user, () => `# setns(2) ${user.path}`);
  list.call("setns", user.fd, namespaceFlags.user).about(`${user.path} as user namespace`);
  for (const { fd, flag, about, first } of refused) {
    list.when(first, "failed", () => {
      list.call("setns", fd, flag).about(about);
    });
  }
}

/** Opens a folder with the rights and paths of the caller; "" is the target's own. */
function openPlace(
  keeper: List,
  what: string,
  path: string | undefined,
  { target }: NsenterOptions,
  link: "root" | "cwd",
): Call | undefined {
  if (path === undefined) return undefined;
  if (path === "" && target === undefined) throw needsTarget(link === "root" ? "--root" : "--wd");
  const place = path === "" ? `/proc/${target}/${link}` : path;
  keeper.step(
    `open the ${what} ${place}`,
    "its path is looked up outside, before anything changes",
    () => `# ${place}`,
  );
  return keeper.call("openat", AT_FDCWD, place, O_PATH_CLOEXEC, 0).about(place);
}
