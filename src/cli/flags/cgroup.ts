import {
  type GroupRights,
  type GroupSpec,
  type GroupView,
  parseGroupSpec,
} from "../../cgroup/by-hand/index.ts";
import { readLayout } from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";
import { nearest } from "../../platform/nearest.ts";
import { readHostFacts } from "../../runtime/host-facts.ts";
import { HAND_FLAGS } from "../by-hand.ts";
import type { Globals, Grammar } from "../grammar.ts";
import { parseArguments } from "../parse-arguments.ts";
import { parseChoice } from "../values/choice.ts";
import { parseMode } from "../values/mode.ts";
import { parseOwner } from "../values/owner.ts";

const GROUP = "-g --group list\n";
/** Known, so that it is refused with the reason. */
const STICKY = "--sticky [x] @hidden\n";
const FORMAT = "--format string text|json\n";

/** The flags of each command of `cgroup`. */
export const CGROUP_FLAGS = {
  create: `\n${HAND_FLAGS}-a --admin user:group\n-d --dperm mode\n-f --fperm mode\n${GROUP}-t --tasks user:group\n-s --tperm mode\n`,
  attach: `\n${HAND_FLAGS}--from group\n${GROUP}${STICKY}--cancel-sticky [x] @hidden\n`,
  exec: `\n${HAND_FLAGS}${GROUP}${STICKY}`,
  set: `\n${HAND_FLAGS}--copy-from group\n${GROUP}-r --variable list\n`,
  get: `\n${HAND_FLAGS}-a --all\n${GROUP}-n --no-headers\n-v --values-only\n-r --variable list\n`,
  show: `\n${FORMAT}${GROUP}`,
  stat: `\n${FORMAT}${GROUP}`,
  kill: `\n${HAND_FLAGS}${GROUP}`,
  freeze: `\n${HAND_FLAGS}${GROUP}`,
  thaw: `\n${HAND_FLAGS}${GROUP}`,
  rm: `\n${HAND_FLAGS}${GROUP}-r --recursive\n`,
} as const;

export type CgroupCommand = keyof typeof CGROUP_FLAGS;

/** What stands behind `husk cgroup COMMAND`. */
export interface CgroupWords {
  readonly command: CgroupCommand;
  readonly groups: string[];
  readonly variables: string[];
  /** What is no flag. */
  words: string[];
  from: string | undefined;
  copyFrom: string | undefined;
  rights: GroupRights;
  all: boolean;
  recursive: boolean;
  explain: boolean;
  valuesOnly: boolean;
  noHeaders: boolean;
  format: "text" | "json";
}

/** Reads a command of `cgroup` and its flags; undefined: help was asked for. */
export function readCgroupWords(
  argv: readonly string[],
  from: number,
  globals: Globals,
): CgroupWords | undefined {
  const name = argv[from];
  if (name === undefined || name === "--help" || name === "-h") {
    if (name === undefined && !globals.help) throw unknownSubcommand("");
    return undefined;
  }
  if (!Object.hasOwn(CGROUP_FLAGS, name)) throw unknownSubcommand(name);
  const command = name as CgroupCommand;
  const words: CgroupWords = {
    command,
    groups: [],
    variables: [],
    words: [],
    from: undefined,
    copyFrom: undefined,
    rights: {},
    all: false,
    recursive: false,
    explain: false,
    valuesOnly: false,
    noHeaders: false,
    format: "text",
  };
  const grammar: Grammar<CgroupWords> = {
    name: `cgroup ${command}`,
    flags: CGROUP_FLAGS[command],
    flagsFirst: command === "exec",
    set: setFlag,
  };
  words.words = parseArguments(grammar, argv, from + 1, words, globals);
  return globals.help ? undefined : words;
}

function setFlag(words: CgroupWords, flag: string, value: string): void {
  switch (flag) {
    case "group":
      words.groups.push(value);
      return;
    case "variable":
      words.variables.push(value);
      return;
    case "copy-from":
      words.copyFrom = value;
      return;
    case "admin":
      words.rights = { ...words.rights, owner: parseOwner(flag, value) };
      return;
    case "tasks":
      words.rights = { ...words.rights, tasksOwner: parseOwner(flag, value) };
      return;
    case "dperm":
      words.rights = { ...words.rights, folderMode: parseMode(flag, value) };
      return;
    case "fperm":
      words.rights = { ...words.rights, fileMode: parseMode(flag, value) };
      return;
    case "tperm":
      words.rights = { ...words.rights, tasksMode: parseMode(flag, value) };
      return;
    case "all":
      words.all = value === "true";
      return;
    case "sticky":
    case "cancel-sticky":
      throw new HuskError(
        "unsupported",
        `--${flag} is for cgrulesengd, which moves processes by rules: husk never does`,
        {
          hint: "leave it out: a process stays in its group until somebody moves it; where that daemon runs, use cgexec or cgclassify",
        },
      );
    case "from":
      words.from = value;
      return;
    case "format":
      words.format = parseChoice(flag, value, ["text", "json"]);
      return;
    case "recursive":
      words.recursive = value === "true";
      return;
    case "explain":
      words.explain = value === "true";
      return;
    case "values-only":
      words.valuesOnly = value === "true";
      return;
    case "no-headers":
      words.noHeaders = value === "true";
  }
}

function unknownSubcommand(name: string): HuskError {
  const known = Object.keys(CGROUP_FLAGS);
  const near = nearest(name, known);
  return new HuskError(
    "invalid",
    name === "" ? "husk cgroup: the command is missing" : `unknown command: husk cgroup ${name}`,
    {
      hint:
        near === undefined || name === ""
          ? `there are ${known.join(", ")}`
          : `did you mean husk cgroup ${near}?`,
    },
  );
}

/** The control groups of this machine, and what this user may do with them. */
export function readGroupView(): GroupView {
  const { privileged, nested, uid } = readHostFacts();
  return { layout: readLayout(), maker: { rootless: !privileged || nested, uid } };
}

/**
 * The groups that are named: by `-g CONTROLLERS:NAME`, else by the first word; if there can be many, by both.
 * `-g CONTROLLERS` alone says which hierarchies of the group that is named otherwise are meant.
 *
 * @returns the groups, and the words that are left
 */
export function takeGroups(words: CgroupWords, many: boolean): { specs: GroupSpec[]; rest: string[] } {
  const specs = words.groups.filter((text) => text.includes(":")).map(parseGroupSpec);
  const controllers = words.groups.filter((text) => !text.includes(":")).join(",");
  const names = many ? words.words : words.words.slice(0, specs.length === 0 ? 1 : 0);
  const rest = words.words.slice(names.length);
  for (const name of names)
    specs.push(parseGroupSpec(controllers === "" || name.includes(":") ? name : `${controllers}:${name}`));
  if (specs.length > 0) return { specs, rest };
  throw new HuskError("invalid", `husk cgroup ${words.command}: the group's name is missing`, {
    hint: `see 'husk cgroup ${words.command} --help'`,
  });
}
