import { existsSync, readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { KillAll, type List, quote } from "../../plan/index.ts";
import { AT_FDCWD, O_CLOEXEC } from "../flags.ts";
import type { Group } from "../group.ts";
import { writeFile } from "../make-groups.ts";
import { echoInto } from "../shell.ts";
import { waitFor } from "./freeze.ts";
import { type GroupSpec, groupsBelow, processesOf, refuseTop } from "./named-group.ts";

/**
 * Steps that kill everything in a group and below it, frozen or not.
 *
 * v2 has a file for it. In v1 each process is named; a limit of no further processes keeps a fork bomb from being
 * faster than that.
 *
 * @returns waits until the group is empty; HuskError "failed" after ten seconds
 */
export function killGroup(list: List, places: readonly Group[], spec: GroupSpec): () => void {
  refuseTop(spec, "killed");
  const folders = places.flatMap(({ path }) => [path, ...groupsBelow(path)]);
  refuseSuicide(folders, spec);
  for (const { path } of places) {
    if (!existsSync(`${path}/cgroup.kill`)) continue;
    const [kill, freeze] = [`${path}/cgroup.kill`, `${path}/cgroup.freeze`];
    list.step(
      `kill "${spec.text}"`,
      "the kernel kills everything in the group and below it at once; it is not frozen any more",
      () => `${echoInto("1", kill)}\n${echoInto("0", freeze)}`,
    );
    writeFile(list, kill, "1", `"${kill}"`);
    writeFile(list, freeze, "0", `"${freeze}"`);
  }
  const v1 = places.filter(({ hierarchy }) => hierarchy.version === 1);
  const limits = v1.map(({ path }) => `${path}/pids.max`).filter((file) => existsSync(file));
  const former = limits.map((file) => readFileSync(file, "latin1").trim());
  if (limits.length > 0) {
    list.step("no further processes", "a fork bomb would multiply faster than it is killed", () =>
      limits.map((file) => echoInto("0", file)).join("\n"),
    );
    for (const file of limits) writeFile(list, file, "0", `"${file}"`);
  }
  const frozen = folders.map((path) => `${path}/freezer.state`).filter((file) => existsSync(file));
  if (frozen.length > 0) {
    list.step("thaw", "what is frozen by v1 dies only when it goes on", () =>
      frozen.map((file) => echoInto("THAWED", file)).join("\n"),
    );
    for (const file of frozen) writeFile(list, file, "THAWED", `"${file}"`);
  }
  const listed = v1.flatMap(({ path }) => [path, ...groupsBelow(path)]);
  if (listed.length > 0) {
    list.step(
      `kill each process of "${spec.text}"`,
      "v1 has no file for it: its lists are read until they are empty",
      () =>
        listed
          .map((path) => `for pid in $(cat ${quote(path)}/cgroup.procs); do kill -9 $pid || true; done`)
          .join("\n"),
    );
    for (const path of listed)
      list.add(new KillAll(list.call("openat", AT_FDCWD, `${path}/cgroup.procs`, O_CLOEXEC, 0)));
  }
  if (limits.length > 0) {
    list.step("the former limit of processes", "the group can be used again", () =>
      limits.map((file, at) => echoInto(former[at] as string, file)).join("\n"),
    );
    for (const [at, file] of limits.entries()) writeFile(list, file, former[at] as string, `"${file}"`);
  }
  return () => waitUntilEmpty(folders, spec);
}

/** husk would not live to finish it. */
function refuseSuicide(folders: readonly string[], spec: GroupSpec): void {
  if (!folders.some((path) => processesOf(path).includes(process.pid))) return;
  throw new HuskError("conflict", `control group "${spec.text}": husk itself is in it`, {
    hint: "leave it first: husk cgroup attach / $$",
  });
}

function waitUntilEmpty(folders: readonly string[], spec: GroupSpec): void {
  try {
    waitFor(() => folders.every((path) => processesOf(path).length === 0), "");
  } catch {
    const left = [...new Set(folders.flatMap(processesOf))];
    throw new HuskError("failed", `control group "${spec.text}": ${left.join(", ")} did not end`, {
      hint: left.includes(0)
        ? "0 stands for processes outside this pid namespace: they can be killed only from there"
        : `look at them with ps -o pid,stat,wchan,cmd -p ${left.join(",")}`,
    });
  }
}
