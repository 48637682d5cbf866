import type { Result } from "../plan/index.ts";
import {
  AT_FDCWD,
  AT_RECURSIVE,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  OPEN_TREE_CLONE,
} from "./flags.ts";
import { changeByOptions, changeMount, newFileSystem, propagateByOptions } from "./file-system.ts";
import { attach, directoryInRoot, noteMount } from "./in-root.ts";
import { type MountOptions, parseMountOptions } from "./mount-options.ts";
import type { MountContext } from "./mount-context.ts";
import { resolveFor } from "./mount-destination.ts";
import { inRootfs } from "./shell.ts";
import { quote } from "../plan/index.ts";
import type { CgroupMount, Mount } from "./types.ts";

/**
 * What the configuration calls a mount of type `cgroup`: one cgroup v2 tree, or, for v1 and hybrid layouts, a small
 * tmpfs with one mount or link per hierarchy. The list of them is the cgroup layout's business, not decided here.
 */
export function cgroupMount(
  context: MountContext,
  mount: Mount,
  destination: string,
  options: MountOptions,
): void {
  const { root } = context;
  const { list } = root;
  const entries = context.cgroup ?? [];
  list.step(`own ${destination}`, "the container sees its own control groups, not the machine's", () =>
    shell(entries, destination, mount.options ?? []),
  );
  const place = directoryInRoot(root, destination, resolveFor(destination));
  noteMount(root, destination);
  const single = entries.length === 1 ? entries[0] : undefined;
  if (single !== undefined && single.destination === "") {
    const tree = entryMount(context, single, options.set, destination);
    attach(list, tree, place, destination);
    propagateByOptions(list, tree, options, destination);
    return;
  }
  const attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  const base = newFileSystem(
    list,
    { type: "tmpfs", source: "tmpfs", data: ["mode=755"], attributes },
    destination,
  );
  attach(list, base, place, destination);
  for (const entry of entries) {
    const path = `${destination}/${entry.destination}`;
    if (entry.type === "symlink") {
      list.call("symlinkat", entry.source, base, entry.destination).about(path);
      continue;
    }
    const tree = entryMount(context, entry, options.set, path);
    list.call("mkdirat", base, entry.destination, 0o755).about(path);
    const flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    attach(list, tree, list.call("openat", base, entry.destination, flags, 0).about(path), path);
  }
  changeMount(list, base, { set: options.set & MOUNT_ATTR_RDONLY }, destination);
  propagateByOptions(list, base, options, destination);
}

function entryMount(context: MountContext, entry: CgroupMount, attributes: number, path: string): Result {
  const { list } = context.root;
  const options = parseMountOptions(entry.options);
  if (entry.type === "bind") {
    const tree = list.call("open_tree", AT_FDCWD, entry.source, OPEN_TREE_CLONE | AT_RECURSIVE | O_CLOEXEC);
    tree.about(entry.source);
    changeByOptions(list, tree, { ...options, set: options.set | attributes }, path);
    return tree;
  }
  const { type, source } = entry;
  return newFileSystem(
    list,
    { type, source, data: options.data, attributes: options.set | attributes },
    path,
  );
}

function shell(entries: readonly CgroupMount[], destination: string, options: readonly string[]): string {
  const place = inRootfs(destination);
  const lines = [`mkdir -p ${place}`];
  const base = entries.length !== 1 || entries[0]?.destination !== "";
  if (base) lines.push(`mount -t tmpfs -o mode=755,nosuid,nodev,noexec tmpfs ${place}`);
  const flags = options.filter((option) => !/^r?(private|shared|slave|unbindable)$/.test(option));
  for (const { destination: name, source, type, options: own } of entries) {
    const path = name === "" ? place : `${place}/${quote(name)}`;
    if (type === "symlink") {
      lines.push(`ln -s ${quote(source)} ${path}`);
      continue;
    }
    if (name !== "") lines.push(`mkdir ${path}`);
    const all = quote([...new Set([...own, ...flags])].join(",") || "rw");
    if (type !== "bind") lines.push(`mount -t ${type} -o ${all} ${quote(source)} ${path}`);
    else lines.push(`mount --rbind ${quote(source)} ${path}`, `mount -o remount,bind,${all} ${path}`);
  }
  if (base && options.includes("ro")) lines.push(`mount -o remount,bind,ro ${place}`);
  return lines.join("\n");
}
