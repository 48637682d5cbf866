import {
  attachHints,
  attachProcesses,
  copySettings,
  createGroup,
  existingPlaces,
  freezeGroup,
  type GroupSpec,
  type GroupView,
  handOver,
  killGroup,
  parseGroupSpec,
  placesFor,
  processesOf,
  removeGroup,
  setValues,
  thawGroup,
} from "../../cgroup/by-hand/index.ts";
import type { HandPlan } from "../../jail/hand-plan.ts";
import { planCgroupExec } from "../../jail/plan-cgroup-exec.ts";
import {
  type EncodedPlan,
  errnoName,
  failureError,
  findFailure,
  List,
  type Plan,
  type Report,
} from "../../plan/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { HandRequest } from "../by-hand.ts";
import type { Globals } from "../grammar.ts";
import { toInteger } from "../values/number.ts";
import { type CgroupWords, readCgroupWords, readGroupView, takeGroups } from "./cgroup.ts";

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
      return planEach(words, (list, spec) => ({
        before: createGroup(list, view, spec),
        after: handOver(list, placesFor(view, spec), words.rights),
      }));
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
  if (assigned.length === 0 && words.copyFrom === undefined) {
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
  if (words.copyFrom !== undefined) {
    const source = parseGroupSpec(words.copyFrom);
    const from = existingPlaces(view, source);
    for (const spec of specs) copySettings(list, from, source, existingPlaces(view, spec), spec);
  }
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
