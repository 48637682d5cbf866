import {
  keepNamespaces,
  namespaceFlags,
  namespaceReasons,
  type NamespaceType,
  setClockOffsets,
  writeIdMaps,
} from "../namespace/index.ts";
import {
  Clone,
  cloneArgs,
  type EncodedPlan,
  errnoName,
  List,
  quote,
  type Report,
  type Result,
  Wait,
} from "../plan/index.ts";
import { HuskError } from "../platform/error.ts";
import { dieWithKeeper, openSelf } from "../runtime/process/lifetime.ts";
import { type Gate, letPass, openGate, waitAtGate } from "./gate.ts";
import type { HandPlan } from "./hand-plan.ts";
import { keeperDiesWithCaller } from "./lifetime.ts";
import { mapWriter } from "./map-writer.ts";
import { becomeProgram, keepProgram, programOrShell } from "./program.ts";
import { checkUnshare, composeMap, type UnshareOptions } from "./unshare-options.ts";
import { enterPlace } from "./unshare-place.ts";

const CLONE_PARENT = 0x8000;
const SIGKILL = 9;
const MILLISECONDS = 60_000;
const KINDS: readonly NamespaceType[] = ["user", "mount", "uts", "ipc", "network", "pid", "cgroup", "time"];

/** What is known about the caller. */
export interface Caller {
  readonly pid: number;
  /** Effective ids. */
  readonly uid: number;
  readonly gid: number;
  /** May write any id map. */
  readonly privileged: boolean;
}

/**
 * `unshare`: a program in new namespaces, and nothing else of a container (unshare(1) of util-linux).
 *
 * With `--fork` the program is born in all of them. Without, it is the process that unshares: of a new pid
 * namespace only its children are members, and in a new time namespace it is from execve(2) on.
 *
 * @param words the command line's options and program, for the script
 * @throws HuskError "invalid" for options that exclude each other
 */
export function planUnshare(
  options: UnshareOptions,
  caller: Caller,
  words: () => readonly string[],
): HandPlan {
  checkUnshare(options);
  const { namespaces, fork, killChild, monotonic, boottime } = options;
  const keeper = new List("keeper");
  const program = new List("program");
  const maps = idMaps(options, caller);
  const kept: { type: NamespaceType; file: string }[] = [];
  const types: NamespaceType[] = [];
  // Those of which only the program's children, or its next program, are members.
  const later: NamespaceType[] = [];
  for (let i = 0; i < KINDS.length; i++) {
    const type = KINDS[i] as NamespaceType;
    const file = namespaces.get(type);
    if (file === undefined) continue;
    if (!fork && (type === "pid" || type === "time")) later.push(type);
    else types.push(type);
    if (file !== "") kept.push({ type, file });
  }
  // Without --fork unshare(1) itself becomes the program, so who kills the one kills the other.
  const signal = killChild ?? (fork ? undefined : SIGKILL);
  const self = signal === undefined ? undefined : openSelf(keeper);
  if (signal !== undefined) keeperDiesWithCaller(keeper, caller.pid);

  const hasOffsets = monotonic !== undefined || boottime !== undefined;
  let pid: Result;
  if (fork && hasOffsets) {
    // Clocks can be set only in a time namespace without members: a process in between makes it, and sets them.
    const setter = new List("clock setter");
    const gate = maps === undefined ? undefined : openGate(keeper);
    const between = newProcess(
      keeper,
      types.filter((type) => type === "user"),
      setter,
    );
    if (gate !== undefined) waitAtGate(setter, gate);
    maps?.(keeper, between);
    if (gate !== undefined) letPass(keeper, gate);
    const keepGate = kept.length === 0 ? undefined : openGate(keeper);
    unshareNow(setter, ["time"]);
    setClockOffsets(setter, options);
    pid = newProcess(
      setter,
      types.filter((type) => type !== "user" && type !== "time"),
      program,
      CLONE_PARENT,
    );
    keeper.step("wait for the clocks", "the program is born in the time namespace once they are set");
    keeper.add(new Wait(between, MILLISECONDS));
    keepBehind(keeper, program, pid, kept, keepGate);
  } else {
    const gate = maps === undefined && kept.length === 0 ? undefined : openGate(keeper);
    pid = newProcess(keeper, types, program);
    maps?.(keeper, pid);
    keepBehind(keeper, program, pid, kept, gate);
    if (later.length > 0) unshareNow(program, later);
    setClockOffsets(program, options);
  }
  enterPlace(program, options);
  if (self !== undefined) dieWithKeeper(program, self, signal);
  becomeProgram(program, programOrShell(options.command));
  keepProgram(keeper, pid);
  return {
    plan: { keeper, cleanup: new List("afterwards"), exports: new Map() },
    ...(options.root === undefined ? {} : { rootfs: options.root }),
    shell: () => `exec unshare ${words().map(quote).join(" ")}\n`,
    explainFailure: (report, encoded) => refusedNamespace(report, encoded, namespaces.has("user")),
  };
}

/** Every other namespace needs rights, which an ordinary user has in a user namespace. */
function refusedNamespace(
  report: Report,
  { operations }: EncodedPlan,
  hasUser: boolean,
): HuskError | undefined {
  const operation = operations[report.ordinal];
  const makes = operation?.kind === "clone" || (operation?.kind === "call" && operation.name === "unshare");
  if (!makes || hasUser || errnoName(report.errno) !== "EPERM") return undefined;
  return new HuskError(
    "denied",
    "unshare: an ordinary user may make these namespaces only in a user namespace (EPERM)",
    {
      hint: "add --user --map-root-user, or be root",
    },
  );
}

/** A process in new namespaces of these types. */
function newProcess(list: List, types: readonly NamespaceType[], performs: List, flags = 0): Result {
  let all = flags;
  for (let i = 0; i < types.length; i++) all |= namespaceFlags[types[i] as NamespaceType];
  list.step(
    types.length === 0 ? "new process" : `new process in new namespaces: ${types.join(", ")}`,
    types.length === 0 ? "it becomes the program" : reasons(types),
    () => `# unshare ${types.map((type) => `--${type}`).join(" ")}`,
  );
  return list.add(new Clone(cloneArgs(all), performs));
}

/** This process's own children, or its next program, are in new namespaces. */
function unshareNow(list: List, types: readonly NamespaceType[]): void {
  let flags = 0;
  for (const type of types) flags |= namespaceFlags[type];
  list.step(`new namespaces for what comes next: ${types.join(", ")}`, reasons(types), () => "# unshare(2)");
  list.call("unshare", flags);
}

function reasons(types: readonly NamespaceType[]): string {
  let text = "";
  for (let i = 0; i < types.length; i++) {
    const type = types[i] as NamespaceType;
    text += `${i === 0 ? "" : "; "}${type}: ${namespaceReasons[type]}`;
  }
  return text;
}

/** The program waits at the gate until its ids are mapped and its namespaces are kept. */
function keepBehind(
  keeper: List,
  program: List,
  pid: Result,
  kept: readonly { type: NamespaceType; file: string }[],
  gate: Gate | undefined,
): void {
  if (gate === undefined) return;
  waitAtGate(program, gate);
  keepNamespaces(keeper, pid, kept);
  letPass(keeper, gate);
}

/** What writes the maps that are asked for; undefined: none. */
function idMaps(options: UnshareOptions, caller: Caller): ((keeper: List, pid: Result) => void) | undefined {
  const { mapUser, mapUsers, mapGroup, mapGroups } = options;
  const uids = composeMap(caller.uid, mapUser, mapUsers);
  const gids = composeMap(caller.gid, mapGroup, mapGroups);
  const deny = options.setgroups === "deny" || (mapGroup !== undefined && mapGroups === undefined);
  if (uids.length === 0 && gids.length === 0 && !deny) return undefined;
  const writer = mapWriter(caller, uids, gids);
  return (keeper, pid) => writeIdMaps(keeper, pid, uids, gids, writer, deny);
}
