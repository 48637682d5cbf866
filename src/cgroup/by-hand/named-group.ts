import { existsSync, readdirSync, readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { baseOf, chooseGroups, type Group, isWritable, type Maker } from "../group.ts";
import { groupPath, parentsOf } from "../group-path.ts";
import { type Hierarchy, hierarchyOf, type Layout } from "../layout.ts";
import { unavailable } from "../unavailable.ts";

/** A control group as a person names it: `sandbox`, `a/b`, or in libcgroup's spelling `cpu,memory:sandbox`. */
export interface GroupSpec {
  /** As it was typed, for messages. */
  readonly text: string;
  /** Path below the top of each hierarchy; empty for the top itself. */
  readonly path: string;
  /** The hierarchies that are meant, by controllers; undefined: all. */
  readonly controllers: readonly string[] | undefined;
}

/** What the machine has, and what this process may do. */
export interface GroupView {
  readonly layout: Layout;
  readonly maker: Maker;
}

/** Takes a group's name apart. */
export function parseGroupSpec(text: string): GroupSpec {
  const colon = text.indexOf(":");
  const list = colon === -1 ? "*" : text.slice(0, colon);
  const name = text.slice(colon + 1);
  if (name === "" || list === "") {
    throw new HuskError("invalid", `control group "${text}": the name is missing`, {
      hint: "NAME, or CONTROLLERS:NAME such as cpu,memory:sandbox",
    });
  }
  const path = /^\/+$/.test(name) ? "" : groupPath({ id: "", cgroupsPath: name });
  return {
    text: path === "" ? "/" : path.slice(1),
    path,
    controllers: list === "*" ? undefined : list.split(","),
  };
}

/** Refuses the top of the hierarchies for what only a group below can undergo. */
export function refuseTop({ path }: GroupSpec, what: string): void {
  if (path !== "") return;
  throw new HuskError("invalid", `the top of the control groups cannot be ${what}`, {
    hint: "name a group below it",
  });
}

/**
 * The places where a group is or would be, one in each hierarchy that is meant and that this process may use.
 *
 * @throws HuskError "unavailable" or "denied" for a controller that is named and cannot be used
 */
export function placesFor({ layout, maker }: GroupView, spec: GroupSpec): Group[] {
  const asked = spec.controllers ?? [];
  for (const controller of asked) checkController(layout, maker, controller, spec);
  const groups = chooseGroups(layout, spec.path, maker, v2Names(layout, asked)).map((group): Group => {
    const { hierarchy } = group;
    const top = topOf(hierarchy, maker);
    return top === undefined || top === group.base ? group : groupBelow(hierarchy, top, spec.path);
  });
  const chosen =
    asked.length === 0
      ? groups
      : groups.filter(({ hierarchy }) => asked.some((name) => isMeant(layout, hierarchy, name)));
  if (chosen.length > 0) return chosen;
  throw unavailable(layout, "memory", `control group "${spec.text}"`, maker);
}

/**
 * The group below which names stand, or undefined: for an ordinary user on v2 the highest that was handed over, so that
 * a name means the same wherever below it the shell is.
 */
function topOf(hierarchy: Hierarchy, maker: Maker): string | undefined {
  let top = baseOf(hierarchy, maker, []);
  if (top === undefined || hierarchy.version === 1 || !maker.rootless) return top;
  while (top.length > hierarchy.mount.length) {
    const above: string = top.slice(0, top.lastIndexOf("/"));
    if (!isWritable(above) || !isWritable(`${above}/cgroup.procs`)) break;
    top = above;
  }
  return top;
}

/**
 * The places where a group exists.
 *
 * @throws HuskError "not-found" if it is nowhere
 */
export function existingPlaces(view: GroupView, spec: GroupSpec): Group[] {
  const asked = spec.controllers ?? [];
  for (const controller of asked) checkController(view.layout, undefined, controller, spec);
  const found: Group[] = [];
  for (const hierarchy of view.layout.hierarchies) {
    if (asked.length > 0 && !asked.some((name) => isMeant(view.layout, hierarchy, name))) continue;
    const top = topOf(hierarchy, view.maker) ?? hierarchy.mount;
    const bases = top === hierarchy.mount ? [top] : [top, hierarchy.mount];
    const base = bases.find((candidate) => existsSync(`${candidate}${spec.path}/cgroup.procs`));
    if (base !== undefined) found.push(groupBelow(hierarchy, base, spec.path));
  }
  if (found.length > 0) return found;
  const where = spec.controllers === undefined ? "" : ` with ${spec.controllers.join(", ")}`;
  throw new HuskError("not-found", `there is no control group "${spec.text}"${where}`, {
    hint: `husk cgroup create ${spec.controllers === undefined ? "" : `${spec.controllers.join(",")}:`}${spec.text}`,
  });
}

function groupBelow(hierarchy: Hierarchy, base: string, path: string): Group {
  const parents = parentsOf(path).map((parent) => base + parent);
  return { hierarchy, path: base + path, base, parents, removable: [] };
}

function checkController(
  layout: Layout,
  maker: Maker | undefined,
  controller: string,
  spec: GroupSpec,
): void {
  const hierarchy = layout.hierarchies.find((candidate) => isMeant(layout, candidate, controller));
  const asked = `control group "${spec.text}"`;
  if (hierarchy === undefined) throw unavailable(layout, controller, asked);
  if (maker === undefined) return;
  const needed = hierarchy.version === 2 ? v2Names(layout, [controller]) : [];
  if (baseOf(hierarchy, maker, needed) === undefined) throw unavailable(layout, controller, asked, maker);
}

/** Whether a hierarchy has a controller, under its name in either version. `freezer` is in every v2 group. */
export function has(hierarchy: Hierarchy, controller: string): boolean {
  if (hierarchy.controllers.includes(controller)) return true;
  if (hierarchy.version === 1) return controller === "io" && hierarchy.controllers.includes("blkio");
  if (controller === "blkio") return hierarchy.controllers.includes("io");
  if (controller === "cpuacct") return hierarchy.controllers.includes("cpu");
  return controller === "freezer";
}

/** Whether a controller's name means this hierarchy: the one that has it by that name, or else under another one. */
function isMeant(layout: Layout, hierarchy: Hierarchy, controller: string): boolean {
  const own = hierarchyOf(layout, controller);
  return own === undefined ? has(hierarchy, controller) : own === hierarchy;
}

/** The names of controllers that a v2 group gets from the one above. */
export function v2Names(layout: Layout, controllers: readonly string[]): string[] {
  const unified = layout.hierarchies.find(({ version }) => version === 2);
  const names: string[] = [];
  for (const controller of controllers) {
    const name = controller === "blkio" ? "io" : controller === "cpuacct" ? "cpu" : controller;
    if (name !== "freezer" && unified?.controllers.includes(name) && hierarchyOf(layout, name)?.version === 2)
      names.push(name);
  }
  return names;
}

/** The place whose hierarchy has a controller. */
export function placeWith(places: readonly Group[], controller: string): Group | undefined {
  return (
    places.find(({ hierarchy }) => hierarchy.controllers.includes(controller)) ??
    places.find(({ hierarchy }) => has(hierarchy, controller))
  );
}

/** Folders of the groups below a group, the deepest first. */
export function groupsBelow(path: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) found.push(...groupsBelow(`${path}/${entry.name}`), `${path}/${entry.name}`);
  }
  return found;
}

/** Processes of a group, as this process counts them; 0 stands for one that cannot be seen from here. */
export function processesOf(path: string): number[] {
  try {
    const text = readFileSync(`${path}/cgroup.procs`, "latin1").trim();
    return text === "" ? [] : text.split("\n").map(Number);
  } catch {
    return []; // gone meanwhile, or a threaded group, which cannot be asked
  }
}
