import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { type Call, type List, quote } from "../../plan/index.ts";
import { AT_FDCWD, O_CLOEXEC, O_WRONLY } from "../flags.ts";
import type { Group } from "../group.ts";
import { echoInto } from "../shell.ts";
import type { GroupSpec } from "./named-group.ts";

/** Processes, counters that any write resets, triggers, and what is a state rather than a setting. */
const NO_SETTING =
  /^(tasks|cgroup\.(procs|threads|freeze|kill|type|subtree_control|event_control)|freezer\.state|cpuacct\.usage.*|cpu\.weight\.nice)$|(failcnt|usage_in_bytes|\.peak|\.pressure|pressure_level|force_empty)$/;

/** One setting of a group that differs from the other's. */
export interface Difference {
  /** Absolute path in the group that is changed. */
  readonly file: string;
  /** What has to be written, one after the other. */
  readonly values: readonly string[];
}

/**
 * Steps that give a group the settings of another one, in the hierarchies that have both (cgset(1), `--copy-from`).
 *
 * Some settings exclude each other on the way, as a memory limit above that of memory and swap: what the kernel
 * refuses at first is written once more behind all others.
 *
 * @throws HuskError "not-found" if no hierarchy has both
 */
export function copySettings(
  list: List,
  from: readonly Group[],
  fromSpec: GroupSpec,
  to: readonly Group[],
  toSpec: GroupSpec,
): void {
  const pairs = to.flatMap((place) => {
    const source = from.find(({ hierarchy }) => hierarchy.mount === place.hierarchy.mount);
    return source === undefined ? [] : [[source.path, place.path] as const];
  });
  if (pairs.length === 0) {
    throw new HuskError(
      "not-found",
      `no hierarchy has both control groups, "${fromSpec.text}" and "${toSpec.text}"`,
      {
        hint: `husk cgroup create ${toSpec.text} makes it in every hierarchy`,
      },
    );
  }
  for (const [source, target] of pairs) {
    const differences = settingsThatDiffer(source, target);
    if (differences.length > 0) copyInto(list, source, target, differences);
  }
}

function copyInto(list: List, source: string, target: string, differences: readonly Difference[]): void {
  const first: { difference: Difference; writes: Call[] }[] = [];
  list.step(
    `settings of ${source} into ${target}`,
    "what differs is written; processes, counters and a frozen state are no settings",
    () =>
      differences
        .flatMap(({ file, values }) => values.map((value) => `${echoInto(value, file)} || true`))
        .join("\n"),
  );
  for (const difference of differences) first.push({ difference, writes: write(list, difference, true) });
  list.step(
    "once more what was refused",
    "a limit may have stood in the way of another one, which is written by now",
    () =>
      differences
        .map(
          ({ file, values }) =>
            `[ "$(cat ${quote(file)})" = ${quote(values.join("\n"))} ] || ${echoInto(values.at(-1) as string, file)}`,
        )
        .join("\n"),
  );
  for (const { difference, writes } of first)
    for (const call of writes) list.when(call, "failed", () => void write(list, difference, false));
}

function write(list: List, { file, values }: Difference, lenient: boolean): Call[] {
  return values.map((value) => {
    const about = `"${value}" into ${file}`;
    const fd = list.call("openat", AT_FDCWD, file, O_WRONLY | O_CLOEXEC, 0).about(about);
    const call = list.call("write", fd, value, value.length).about(about);
    return lenient ? call.accept("EINVAL", "EBUSY", "ERANGE", "ENOSPC") : call;
  });
}

function settingsThatDiffer(source: string, target: string): Difference[] {
  const found: Difference[] = [];
  for (const entry of readdirSync(source, { withFileTypes: true }).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const file = `${target}/${entry.name}`;
    if (!entry.isFile() || NO_SETTING.test(entry.name) || !existsSync(file)) continue;
    if (entry.name === "devices.list") {
      found.push(...deviceRules(`${source}/${entry.name}`, file, target));
      continue;
    }
    if ((statSync(file).mode & 0o200) === 0) continue;
    const [wanted, present] = [read(`${source}/${entry.name}`), read(file)];
    if (wanted === undefined || wanted === "" || wanted === present) continue;
    found.push({ file, values: valuesOf(entry.name, wanted) });
  }
  return found;
}

/** v1 shows the rules of devices in one file, and takes them in two others. */
function deviceRules(source: string, target: string, folder: string): Difference[] {
  const [wanted, present] = [read(source), read(target)];
  if (wanted === undefined || wanted === present) return [];
  if (wanted === "a *:* rwm") return [{ file: `${folder}/devices.allow`, values: ["a"] }];
  const denied = { file: `${folder}/devices.deny`, values: ["a"] };
  return wanted === "" ? [denied] : [denied, { file: `${folder}/devices.allow`, values: wanted.split("\n") }];
}

/** A line for a device or a group of pages is written by itself. */
function valuesOf(name: string, text: string): string[] {
  if (name === "memory.oom_control") return [/oom_kill_disable (\d)/.exec(text)?.[1] ?? text];
  return text.split("\n");
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trimEnd();
  } catch {
    return undefined; // only to be written, or not for this user
  }
}
