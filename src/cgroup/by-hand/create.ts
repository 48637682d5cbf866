import { existsSync, readFileSync } from "node:fs";
import { type List, quote } from "../../plan/index.ts";
import { evacuate, handDown } from "../controllers-v2.ts";
import { cpusetFill, fillCpuset } from "../cpuset-v1.ts";
import { AT_FDCWD } from "../flags.ts";
import type { Group } from "../group.ts";
import { writeFile } from "../make-groups.ts";
import { echoInto } from "../shell.ts";
import { type GroupSpec, type GroupView, placesFor, refuseTop, v2Names } from "./named-group.ts";

/**
 * Steps that make a group, with those above it, where it is missing; what exists stays as it is (cgcreate(1)).
 *
 * @returns what has to be done before, where a v2 group of this machine's or container's top is in the way
 */
export function createGroup(list: List, view: GroupView, spec: GroupSpec): (() => void) | undefined {
  refuseTop(spec, "made");
  const places = placesFor(view, spec);
  const unified = places.find(({ hierarchy }) => hierarchy.version === 2);
  const down = unified === undefined ? undefined : handDown(unified, wanted(view, spec));
  let before: (() => void) | undefined;
  if (unified !== undefined && down?.occupied === true) {
    const { base } = unified;
    before = () => evacuate(base);
    list.step(
      `move the processes of ${base} to ${base}/init`,
      "a v2 group hands controllers down or holds processes, not both",
      () => moveAllShell(base),
    );
  }
  for (const place of places) makeFolders(list, place);
  if (unified !== undefined && down !== undefined) {
    const line = spec.controllers === undefined ? down.line : only(down.line, wanted(view, spec));
    const missing = spec.controllers === undefined ? down.missing : only(down.missing, wanted(view, spec));
    if (missing !== "") hand(list, unified.base, missing);
    if (line !== "") for (const parent of unified.parents) hand(list, parent, line);
  }
  for (const place of places) {
    const { hierarchy, path } = place;
    if (hierarchy.version === 1 && hierarchy.controllers.includes("cpuset") && !isFilled(path))
      fillCpuset(list, cpusetFill(place));
  }
  return before;
}

/** What a person put into the cpuset of a group that exists stays. */
function isFilled(path: string): boolean {
  return existsSync(path) && readFileSync(`${path}/cpuset.cpus`, "latin1").trim() !== "";
}

/** Controllers a v2 group gets: those that are named, or all there are. */
function wanted({ layout }: GroupView, { controllers }: GroupSpec): string[] {
  if (controllers !== undefined) return v2Names(layout, controllers);
  return v2Names(layout, ["cpu", "cpuset", "io", "memory", "pids"]);
}

/** The words of `+cpu +memory` that are among the names. */
function only(line: string, names: readonly string[]): string {
  return line
    .split(" ")
    .filter((word) => names.includes(word.slice(1)))
    .join(" ");
}

function makeFolders(list: List, { path, parents, hierarchy }: Group): void {
  const what = hierarchy.version === 2 ? "v2" : hierarchy.controllers.join(", ");
  list.step(
    `group ${path}`,
    `a folder is a group: the kernel puts its files in (${what})`,
    () => `mkdir -p ${quote(path)}`,
  );
  for (const folder of [...parents, path])
    list.call("mkdirat", AT_FDCWD, folder, 0o755).accept("EEXIST").about(folder);
}

function hand(list: List, path: string, names: string): void {
  const file = `${path}/cgroup.subtree_control`;
  list.step(
    `hand ${names} down from ${path}`,
    "a v2 group has the controllers the group above hands to it",
    () => echoInto(names, file),
  );
  writeFile(list, file, names, `${names} into "${file}"`);
}

/** Kernel threads stay: they cannot be moved. */
function moveAllShell(base: string): string {
  const init = quote(`${base}/init`);
  return `mkdir -p ${init}
for pid in $(cat ${quote(`${base}/cgroup.procs`)}); do echo $pid > ${init}/cgroup.procs || true; done`;
}
