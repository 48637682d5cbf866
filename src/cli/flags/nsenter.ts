import { type NsenterOptions, planNsenter } from "../../jail/plan-nsenter.ts";
import type { NamespaceType } from "../../namespace/index.ts";
import { HuskError } from "../../platform/error.ts";
import { HAND_FLAGS, type HandRequest, withoutExplain } from "../by-hand.ts";
import type { Globals, Grammar } from "../grammar.ts";
import { parseArguments } from "../parse-arguments.ts";
import { parseInteger } from "../values/number.ts";
import { MOST_IDS, NAMESPACE_FLAGS } from "./namespace-flags.ts";

/** The flags of nsenter(1), util-linux 2.38: a file stands directly behind the letter, `-m/run/ns`. */
export const NSENTER_FLAGS: string = `
-a --all
-C --cgroup [[file]] file
${HAND_FLAGS}-i --ipc [[file]] file
-m --mount [[file]] file
-n --net [[file]] file
-F --no-fork
-p --pid [[file]] file
--preserve-credentials
-r --root [[dir]] dir
-G --setgid gid
-S --setuid uid
-t --target pid
-T --time [[file]] file
-U --user [[file]] file
-u --uts [[file]] file
-w --wd [[dir]] dir
-W --wdns dir
`;

/** What util-linux has and husk does not: SELinux, and what it learned after 2.38. */
const NSENTER_LATER = `
-e --env
-Z --follow-context
-c --join-cgroup
-N --net-socket fd
--keep-caps
--user-parent
`;

interface NsenterFlags {
  readonly options: { -readonly [K in keyof NsenterOptions]: NsenterOptions[K] } & {
    namespaces: Map<NamespaceType, string>;
  };
  explain: boolean;
}

const MOST_PIDS = 4_194_304;

const NSENTER: Grammar<NsenterFlags> = {
  name: "nsenter",
  flags: NSENTER_FLAGS,
  later: NSENTER_LATER,
  flagsFirst: true,
  set: setNsenterFlag,
};

/** Reads `nsenter [options] [program [arguments]]`, and plans it. */
export function parseNsenter(
  argv: readonly string[],
  from: number,
  globals: Globals,
): HandRequest | undefined {
  const flags: NsenterFlags = {
    options: {
      target: undefined,
      all: false,
      namespaces: new Map(),
      root: undefined,
      workingDirectory: undefined,
      insideDirectory: undefined,
      setuid: undefined,
      setgid: undefined,
      preserveCredentials: false,
      noFork: false,
      command: [],
    },
    explain: false,
  };
  const { options } = flags;
  options.command = parseArguments(NSENTER, argv, from, flags, globals);
  if (globals.help) return undefined;
  if (options.workingDirectory !== undefined && options.insideDirectory !== undefined) {
    throw new HuskError("invalid", "--wd and --wdns cannot both be given", { hint: "leave one out" });
  }
  const hand = planNsenter(options, process.pid, withoutExplain(argv.slice(from), options.command.length));
  return { hand, name: "nsenter", explain: flags.explain };
}

function setNsenterFlag(flags: NsenterFlags, flag: string, value: string): void {
  const { options } = flags;
  const kind = NAMESPACE_FLAGS[flag];
  if (kind !== undefined) {
    options.namespaces.set(kind, value);
    return;
  }
  switch (flag) {
    case "all":
      options.all = value === "true";
      return;
    case "explain":
      flags.explain = value === "true";
      return;
    case "no-fork":
      options.noFork = value === "true";
      return;
    case "preserve-credentials":
      options.preserveCredentials = value === "true";
      return;
    case "root":
      options.root = value;
      return;
    case "setgid":
      options.setgid = parseInteger(flag, value, 0, MOST_IDS);
      return;
    case "setuid":
      options.setuid = parseInteger(flag, value, 0, MOST_IDS);
      return;
    case "target":
      options.target = parseInteger(flag, value, 1, MOST_PIDS, "the number of a process");
      return;
    case "wd":
      options.workingDirectory = value;
      return;
    case "wdns":
      options.insideDirectory = value;
  }
}
