import { readFileSync } from "node:fs";
import { subIdRanges } from "../../engine/subids.ts";
import { findAccount, findGroup } from "../../engine/user.ts";
import { type Caller, planUnshare } from "../../jail/plan-unshare.ts";
import type { UnshareOptions } from "../../jail/unshare-options.ts";
import type { LinuxIdMapping, NamespaceType } from "../../namespace/index.ts";
import { HuskError } from "../../platform/error.ts";
import { isPrivileged, readPrivileges } from "../../runtime/facts.ts";
import { HAND_FLAGS, type HandRequest, withoutExplain } from "../by-hand.ts";
import type { Globals, Grammar } from "../grammar.ts";
import { parseArguments } from "../parse-arguments.ts";
import { parseChoice } from "../values/choice.ts";
import { invalidValue } from "../values/invalid.ts";
import { parseInteger, toInteger } from "../values/number.ts";
import { parseSignal } from "../values/signal.ts";
import { MOST_IDS, NAMESPACE_FLAGS } from "./namespace-flags.ts";

/** The flags of unshare(1), util-linux 2.38. */
export const UNSHARE_FLAGS: string = `
--boottime seconds
-C --cgroup [file] file
${HAND_FLAGS}-f --fork
-i --ipc [file] file
--keep-caps
--kill-child [signal] @signal
--map-auto
-c --map-current-user
--map-group gid|name
--map-groups outer,inner,count
-r --map-root-user
--map-user uid|name
--map-users outer,inner,count
--monotonic seconds
-m --mount [file] file
--mount-proc [dir] dir
-n --net [file] file
-p --pid [file] file
--propagation string private|shared|slave|unchanged
-R --root dir dir
-G --setgid gid
--setgroups string allow|deny
-S --setuid uid
-T --time [file] file
-U --user [file] file
-u --uts [file] file
-w --wd dir dir
`;

/** What util-linux learned after 2.38. */
const UNSHARE_LATER = `
--forward-signals
-l --load-interp file
--map-subids
--owner uid:gid
`;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface UnshareFlags {
  readonly options: Mutable<UnshareOptions> & { namespaces: Map<NamespaceType, string> };
  readonly uid: number;
  readonly gid: number;
  explain: boolean;
}

const UNSHARE: Grammar<UnshareFlags> = {
  name: "unshare",
  flags: UNSHARE_FLAGS,
  later: UNSHARE_LATER,
  flagsFirst: true,
  set: setUnshareFlag,
};

/** Reads `unshare [options] [program [arguments]]`, and plans it. */
export function parseUnshare(
  argv: readonly string[],
  from: number,
  globals: Globals,
): HandRequest | undefined {
  const caller: Caller = {
    pid: process.pid,
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    // Read only for id maps.
    get privileged() {
      return isPrivileged(readPrivileges());
    },
  };
  const flags: UnshareFlags = { options: emptyOptions(), uid: caller.uid, gid: caller.gid, explain: false };
  const { options } = flags;
  options.command = parseArguments(UNSHARE, argv, from, flags, globals);
  if (globals.help) return undefined;
  const { mapUser, mapGroup, mapUsers, mapGroups } = options;
  const hasMap =
    mapUser !== undefined || mapGroup !== undefined || mapUsers !== undefined || mapGroups !== undefined;
  if (hasMap && !options.namespaces.has("user")) options.namespaces.set("user", "");
  if (options.mountProc !== undefined && !options.namespaces.has("mount"))
    options.namespaces.set("mount", "");
  const hand = planUnshare(options, caller, () => withoutExplain(argv.slice(from), options.command.length));
  return { hand, name: "unshare", explain: flags.explain };
}

function emptyOptions(): UnshareFlags["options"] {
  return {
    namespaces: new Map(),
    fork: false,
    killChild: undefined,
    mapUser: undefined,
    mapGroup: undefined,
    mapUsers: undefined,
    mapGroups: undefined,
    setgroups: undefined,
    keepCapabilities: false,
    propagation: "private",
    mountProc: undefined,
    root: undefined,
    workingDirectory: undefined,
    setuid: undefined,
    setgid: undefined,
    monotonic: undefined,
    boottime: undefined,
    command: [],
  };
}

function setUnshareFlag(flags: UnshareFlags, flag: string, value: string): void {
  const { options } = flags;
  const kind = NAMESPACE_FLAGS[flag];
  if (kind !== undefined) {
    options.namespaces.set(kind, value);
    return;
  }
  switch (flag) {
    case "explain":
      flags.explain = value === "true";
      return;
    case "fork":
      options.fork = value === "true";
      return;
    case "keep-caps":
      options.keepCapabilities = value === "true";
      return;
    case "kill-child":
      options.killChild = value === "" ? 9 : parseSignal(flag, value);
      options.fork = true;
      return;
    case "map-auto":
      options.mapUsers = firstRange("/etc/subuid", flags.uid);
      options.mapGroups = firstRange("/etc/subgid", flags.uid);
      return;
    case "map-current-user":
      options.mapUser = flags.uid;
      options.mapGroup = flags.gid;
      return;
    case "map-root-user":
      options.mapUser = 0;
      options.mapGroup = 0;
      return;
    case "map-user":
      options.mapUser = id(
        flag,
        value,
        (name) => findAccount(readFileSync("/etc/passwd", "utf8"), name)?.uid,
      );
      return;
    case "map-group":
      options.mapGroup = id(flag, value, (name) => findGroup(readFileSync("/etc/group", "utf8"), name));
      return;
    case "map-users":
      options.mapUsers = value === "auto" ? firstRange("/etc/subuid", flags.uid) : range(flag, value);
      return;
    case "map-groups":
      options.mapGroups = value === "auto" ? firstRange("/etc/subgid", flags.uid) : range(flag, value);
      return;
    case "monotonic":
    case "boottime":
      options[flag] = parseInteger(flag, value, -1e10, 1e10, "a whole number of seconds");
      return;
    case "mount-proc":
      options.mountProc = value || "/proc";
      return;
    case "propagation":
      options.propagation = parseChoice(flag, value, ["private", "shared", "slave", "unchanged"]);
      return;
    case "root":
      options.root = value;
      return;
    case "setgroups":
      options.setgroups = parseChoice(flag, value, ["allow", "deny"]);
      return;
    case "setgid":
      options.setgid = parseInteger(flag, value, 0, MOST_IDS);
      return;
    case "setuid":
      options.setuid = parseInteger(flag, value, 0, MOST_IDS);
      return;
    case "wd":
      options.workingDirectory = value;
  }
}

function id(flag: string, value: string, find: (name: string) => number | undefined): number {
  const number = toInteger(value) ?? find(value);
  if (number === undefined || number < 0 || number > MOST_IDS)
    throw invalidValue(flag, value, "an id or a known name");
  return number;
}

/** `outer,inner,count`, or as newer versions have it `inner:outer:count`. */
function range(flag: string, value: string): LinuxIdMapping {
  const colons = value.includes(":");
  const numbers = value.split(colons ? ":" : ",").map(toInteger);
  const [outer, inner] = colons ? [numbers[1], numbers[0]] : [numbers[0], numbers[1]];
  const size = numbers[2];
  if (outer === undefined || inner === undefined || size === undefined || numbers.length !== 3 || size < 1) {
    throw invalidValue(flag, value, "OUTER,INNER,COUNT such as 100000,0,65536, or auto");
  }
  return { containerID: inner, hostID: outer, size };
}

/** The first block of ids that subuid(5) gives this user, mapped from 0 on. */
function firstRange(file: string, uid: number): LinuxIdMapping {
  let text = "";
  try {
    text = readFileSync(file, "utf8");
  } catch {
    // No such file: nobody has a range.
  }
  const name = findAccount(readFileSync("/etc/passwd", "utf8"), uid)?.name;
  const first = subIdRanges(text, name, uid)[0];
  if (first === undefined) {
    throw new HuskError("denied", `${file} gives no ids to ${name ?? `user ${uid}`}`, {
      hint: `as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${name ?? uid}`,
    });
  }
  return { containerID: 0, hostID: first.first, size: first.count };
}
