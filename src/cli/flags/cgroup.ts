import {
  attachHints,
  attachProcesses,
  createGroup,
  existingPlaces,
  freezeGroup,
  type GroupSpec,
  type GroupView,
  killGroup,
  parseGroupSpec,
  processesOf,
  removeGroup,
  setValues,
  thawGroup,
} from "../../cgroup/by-hand/index.ts";
import { readLayout } from "../../cgroup/index.ts";
import { readHostFacts } from "../../runtime/host-facts.ts";
import type { HandPlan } from "../../jail/hand-plan.ts";
import { planCgroupExec } from "../../jail/plan-cgroup-exec.ts";
import {
  type EncodedPlan,
  errnoName,
  findFailure,
  failureError,
  List,
  type Plan,
  type Report,
} from "../../plan/index.ts";
import { HuskError } from "../../platform/error.ts";
import { nearest } from "../../platform/nearest.ts";
import { HAND_FLAGS, type HandRequest } from "../by-hand.ts";
import type { Globals, Grammar } from "../grammar.ts";
import { parseArguments } from "../parse-arguments.ts";
import { parseChoice } from "../values/choice.ts";
import { toInteger } from "../values/number.ts";

const GROUP = "-g --group list\n";
const FORMAT = "--format string text|json\n";

/** The flags of each command of `cgroup`. */
export const CGROUP_FLAGS = {
  create: `\n${HAND_FLAGS}${GROUP}`,
  attach: `\n${HAND_FLAGS}--from group\n${GROUP}`,
  exec: `\n${HAND_FLAGS}${GROUP}`,
  set: `\n${HAND_FLAGS}${GROUP}-r --variable list\n`,
  get: `\n${HAND_FLAGS}${GROUP}-n --no-headers\n-v --values-only\n-r --variable list\n`,
  show: `\n${FORMAT}${GROUP}`,
  stat: `\n${FORMAT}${GROUP}`,
  kill: `\n${HAND_FLAGS}${GROUP}`,
  freeze: `\n${HAND_FLAGS}${GROUP}`,
  thaw: `\n${HAND_FLAGS}${GROUP}`,
  rm: `\n${HAND_FLAGS}${GROUP}-r --recursive\n`,
} as const;

export type CgroupCommand = keyof typeof CGROUP_FLAGS;

/** Flags of libcgroup's tools that husk does not have. */
const LATER: Readonly<Partial<Record<CgroupCommand, string>>> = {
  create: "\n-a --admin uid:gid\n-d --dperm mode\n-f --fperm mode\n-s --tperm mode\n-t --tasks uid:gid\n",
  attach: "\n--sticky\n--cancel-sticky\n",
  exec: "\n--sticky\n",
  set: "\n--copy-from group\n",
  get: "\n-a --all\n",
};

/** What stands behind `husk cgroup COMMAND`. */
export interface CgroupWords {
  readonly command: CgroupCommand;
  readonly groups: string[];
  readonly variables: string[];
  /** What is no flag. */
  words: string[];
  from: string | undefined;
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
    recursive: false,
    explain: false,
    valuesOnly: false,
    noHeaders: false,
    format: "text",
  };
  const later = LATER[command];
  const grammar: Grammar<CgroupWords> = {
    name: `cgroup ${command}`,
    flags: CGROUP_FLAGS[command],
    ...(later === undefined ? {} : { later }),
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
 * The groups that are named: by `-g CONTROLLERS:NAME`, else by the first word (or by all). `-g CONTROLLERS` alone says
 * which hierarchies of the group that is named otherwise are meant.
 *
 * @returns the groups, and the words that are left
 */
export function takeGroups(words: CgroupWords, many: boolean): { specs: GroupSpec[]; rest: string[] } {
  const specs = words.groups.filter((text) => text.includes(":")).map(parseGroupSpec);
  const controllers = words.groups.filter((text) => !text.includes(":")).join(",");
  let rest = words.words;
  if (specs.length === 0) {
    const names = many ? rest : rest.slice(0, 1);
    rest = rest.slice(names.length);
    for (const name of names)
      specs.push(parseGroupSpec(controllers === "" ? name : `${controllers}:${name}`));
  }
  if (specs.length > 0) return { specs, rest };
  throw new HuskError("invalid", `husk cgroup ${words.command}: the group's name is missing`, {
    hint: `see 'husk cgroup ${words.command} --help'`,
  });
}

/** Reads `cgroup COMMAND …` for a command that changes something, and plans it. */
export function parseCgroup(
  argv: readonly string[],
  from: number,
  globals: Globals,
): HandRequest | undefined {
  const words = readCgroupWords(argv, from, globals);
  return words === undefined ? undefined : planCgroup(words);
}

/** Plans a command that changes something. */
export function planCgroup(words: CgroupWords): HandRequest {
  return {
    hand: planCommand(words, readGroupView()),
    name: `cgroup ${words.command}`,
    explain: words.explain,
  };
}

function planCommand(words: CgroupWords, view: GroupView): HandPlan {
  switch (words.command) {
    case "create":
      return planEach(words, (list, spec) => ({ before: createGroup(list, view, spec) }));
    case "kill":
      return planEach(words, (list, spec) => ({ after: killGroup(list, existingPlaces(view, spec), spec) }));
    case "freeze":
      return planEach(words, (list, spec) => ({
        after: freezeGroup(list, existingPlaces(view, spec), spec),
      }));
    case "thaw":
      return planEach(words, (list, spec) => ({ after: thawGroup(list, existingPlaces(view, spec), spec) }));
    case "rm":
      return planEach(words, (list, spec) => {
        removeGroup(list, existingPlaces(view, spec), spec, words.recursive);
        return {};
      });
    case "attach":
      return planAttach(words, view);
    case "set":
      return planSet(words, view);
    case "exec": {
      const { specs, rest } = takeGroups(words, false);
      const places = specs.flatMap((spec) => existingPlaces(view, spec));
      return planCgroupExec(places, rest[0] === "--" ? rest.slice(1) : rest, process.pid);
    }
    default:
      throw new HuskError("invalid", `husk cgroup ${words.command} only reads: there is no plan to explain`, {
        hint:
          words.command === "get"
            ? "husk cgroup get --explain tells where a value comes from"
            : "husk cgroup set and create have plans",
      });
  }
}

interface Around {
  readonly before?: (() => void) | undefined;
  readonly after?: (() => void) | undefined;
}

/** The same for every group that is named, in one plan. */
function planEach(words: CgroupWords, add: (list: List, spec: GroupSpec) => Around): HandPlan {
  const list = new List("keeper");
  const { specs } = takeGroups(words, true);
  const around = specs.map((spec) => add(list, spec));
  return {
    ...asHandPlan(list),
    before: () => {
      for (const { before } of around) before?.();
    },
    after: () => {
      for (const { after } of around) after?.();
    },
  };
}

function asHandPlan(list: List): HandPlan & { readonly plan: Plan } {
  return {
    plan: { keeper: list, cleanup: new List("afterwards"), exports: new Map() },
    shell: () =>
      list.steps
        .map(
          ({ title, why, shell }) =>
            `# ${title} — ${why}\n${shell?.() ?? "#   (a shell has no command for this)"}\n`,
        )
        .join("\n"),
  };
}

function planAttach(words: CgroupWords, view: GroupView): HandPlan {
  const { specs, rest } = takeGroups(words, false);
  const list = new List("keeper");
  let pids: number[];
  if (words.from === undefined) pids = rest.map(toPid);
  else {
    const from = existingPlaces(view, parseGroupSpec(words.from));
    pids = [...new Set(from.flatMap(({ path }) => processesOf(path)))].filter((pid) => pid > 0);
    if (rest.length > 0)
      throw new HuskError("invalid", "--from takes all processes of a group: a process too is one too many");
  }
  if (pids.length === 0 && words.from === undefined) {
    throw new HuskError("invalid", "husk cgroup attach: the processes are missing", {
      hint: "husk cgroup attach NAME PID…",
    });
  }
  for (const spec of specs) attachProcesses(list, existingPlaces(view, spec), pids, words.from !== undefined);
  const hand = asHandPlan(list);
  return {
    ...hand,
    explainFailure(report: Report, encoded: EncodedPlan): HuskError | undefined {
      const hint = attachHints[errnoName(report.errno)];
      const failure = findFailure(hand.plan, encoded.operations, report);
      if (hint === undefined || failure === undefined) return undefined;
      const { code, message } = failureError(failure);
      return new HuskError(code, message, { hint });
    },
  };
}

function toPid(word: string): number {
  const pid = toInteger(word);
  if (pid !== undefined && pid > 0) return pid;
  throw new HuskError("invalid", `"${word}" is not the number of a process`, {
    hint: "husk cgroup attach NAME PID…",
  });
}

function planSet(words: CgroupWords, view: GroupView): HandPlan {
  const assigned = [...words.variables, ...words.words.filter((word) => word.includes("="))];
  const names = words.words.filter((word) => !word.includes("="));
  const { specs } = takeGroups({ ...words, words: names }, true);
  if (assigned.length === 0) {
    const what = names.length > 1 ? `"${names.at(-1)}" has no value` : "what to set is missing";
    throw new HuskError("invalid", `husk cgroup set: ${what}`, {
      hint: "husk cgroup set NAME FILE=VALUE…, such as memory.max=80M",
    });
  }
  const settings = assigned.map((word): [string, string] => {
    const equals = word.indexOf("=");
    if (equals < 1)
      throw new HuskError("invalid", `"${word}" is no setting`, {
        hint: "FILE=VALUE, such as memory.max=80M",
      });
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
  const list = new List("keeper");
  const explainers = specs.map((spec) => setValues(list, existingPlaces(view, spec), spec, settings));
  return {
    ...asHandPlan(list),
    explainFailure(report: Report, encoded: EncodedPlan): HuskError | undefined {
      for (const explainer of explainers) {
        const error = explainer(report, encoded);
        if (error !== undefined) return error;
      }
      return undefined;
    },
  };
}
