import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { parentsOf } from "./group-path.ts";
import type { Hierarchy, Layout } from "./layout.ts";

/** A container's group in one hierarchy. */
export interface Group {
  readonly hierarchy: Hierarchy;
  /** Absolute path of its folder. */
  readonly path: string;
  /** The group below which husk may make groups: the mount point, or what was delegated to this user. */
  readonly base: string;
  /** Groups between `base` and the group, the highest first; made where they are missing. */
  readonly parents: readonly string[];
  /** Those of `parents` that are missing now; they go away with the last container in them. */
  readonly removable: readonly string[];
  /** systemd has made it for this container and holds a process of husk's in it. */
  readonly given?: boolean;
}

/** A container's groups as absolute paths, to be kept with its record. */
export interface GroupFolders {
  readonly groups: readonly string[];
  /** Groups above that husk made for it, the deepest first; they go when nothing else is in them. */
  readonly parents: readonly string[];
}

/** The group in a hierarchy; a loop, since find() and its like are compiled at their first use. */
export function groupIn(groups: readonly Group[], hierarchy: Hierarchy | undefined): Group | undefined {
  for (const group of groups) if (group.hierarchy === hierarchy) return group;
  return undefined;
}

/** The v1 or v2 group with a controller. */
export function groupWith(groups: readonly Group[], controller: string): Group | undefined {
  for (const group of groups) if (group.hierarchy.controllers.includes(controller)) return group;
  return undefined;
}

/** Paths of groups and of the parents made for them. */
export function foldersOf(groups: readonly Group[]): GroupFolders {
  const folders = { groups: [] as string[], parents: [] as string[] };
  for (const { path, removable } of groups) {
    folders.groups.push(path);
    for (let i = removable.length - 1; i >= 0; i--) folders.parents.push(removable[i] as string);
  }
  return folders;
}

/** Who makes groups. */
export interface Maker {
  /** This process is not root of the first user namespace: only delegated groups can be used. */
  readonly rootless: boolean;
  /** User id of this process. */
  readonly uid: number;
}

/**
 * The container's group in every hierarchy that this process may use, the one of v2 first.
 *
 * A container is in a group of its own in all of them, limited or not: that is what counts, freezes
 * and ends it. Other named hierarchies than systemd's belong to other programs and are left alone.
 * What is mounted read-only, or not delegated to an ordinary user, is left out; who needs a
 * controller in there gets an error.
 *
 * @param path the group below the top of each hierarchy ({@link groupPath})
 * @param asked controllers of v2 that limits need
 */
export function chooseGroups(layout: Layout, path: string, maker: Maker, asked: readonly string[]): Group[] {
  const groups: Group[] = [];
  const names = parentsOf(path);
  for (const hierarchy of layout.hierarchies) {
    const first = hierarchy.controllers[0];
    if (first?.startsWith("name=") && first !== "name=systemd") continue;
    const base = baseOf(hierarchy, maker, asked);
    if (base === undefined) continue;
    const parents: string[] = [];
    const removable: string[] = [];
    for (const name of names) {
      const parent = base + name;
      parents.push(parent);
      if (!existsSync(parent)) removable.push(parent);
    }
    const group = { hierarchy, path: base + path, base, parents, removable };
    if (hierarchy.version === 2) groups.unshift(group);
    else groups.push(group);
  }
  return groups;
}

/**
 * The groups of a container for which systemd has made a scope: the one of v2, or of systemd's own hierarchy and those
 * beside it that it hands on; in the other hierarchies of v1 a group of the same name, which only root can make.
 *
 * @param path the scope's group below the top of each hierarchy
 */
export function givenGroups(layout: Layout, path: string, maker: Maker): Group[] {
  const groups: Group[] = [];
  for (const group of chooseGroups(layout, path, { ...maker, rootless: false }, [])) {
    const given = existsSync(group.path);
    if (given) groups.push({ ...group, parents: [], removable: [], given });
    else if (!maker.rootless) groups.push(group);
  }
  return groups;
}

/**
 * The group below which groups can be made in a hierarchy, or undefined.
 *
 * An ordinary user has what was delegated: the group this process is in, if the user may write there
 * (systemd's `Delegate=yes`), or the nearest one above it that has the controllers asked for. In v1
 * also a folder `husk-UID` at the top that root made for the user; in v2 that would not help, since
 * a process moves between groups whose common ancestor its user may write only (cgroup-v2.rst,
 * "Delegation Containment").
 */
export function baseOf(hierarchy: Hierarchy, maker: Maker, asked: readonly string[]): string | undefined {
  if (hierarchy.readOnly) return undefined;
  const { own, mount, version } = hierarchy;
  if (!maker.rootless) return mount;
  for (let group = own; group !== undefined; group = parentOf(group)) {
    const base = group === "/" ? mount : mount + group;
    if (!isWritable(base) || !isWritable(`${base}/cgroup.procs`)) break;
    if (version === 1 || hasControllers(base, asked)) return base;
  }
  const given = `${mount}/husk-${maker.uid}`;
  return version === 1 && isWritable(given) ? given : undefined;
}

function parentOf(group: string): string | undefined {
  return group === "/" ? undefined : group.slice(0, group.lastIndexOf("/")) || "/";
}

function hasControllers(base: string, asked: readonly string[]): boolean {
  if (asked.length === 0) return true;
  const has = readFileSync(`${base}/cgroup.controllers`, "utf8").trim().split(" ");
  return asked.every((controller) => controller === "cgroup" || has.includes(controller));
}

/** Whether this process may write a file, or make files in a folder. */
export function isWritable(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
