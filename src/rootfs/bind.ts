import { lstatSync, readlinkSync, type Stats, statSync } from "node:fs";
import {
  type List,
  MOUNT_ATTR_BYTES,
  mountAttr,
  OPEN_HOW_BYTES,
  openHow,
  type Result,
} from "../plan/index.ts";
import { HuskError } from "../platform/error.ts";
import { statInRoot } from "../platform/in-root.ts";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  AT_SYMLINK_NOFOLLOW,
  MS_SHARED,
  MS_SLAVE,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  OPEN_TREE_CLONE,
  RESOLVE_IN_ROOT,
} from "./flags.ts";
import { changeByOptions, propagateByOptions } from "./file-system.ts";
import { idMapOf, mapIds } from "./id-mapped.ts";
import { attach, directoryInRoot, fileInRoot, noteMount, parentInRoot } from "./in-root.ts";
import type { MountOptions } from "./mount-options.ts";
import { shellForBind } from "./mount-shell.ts";
import type { MountContext } from "./mount-context.ts";
import { resolveFor } from "./mount-destination.ts";
import { inRootfs } from "./shell.ts";
import { quote } from "../plan/index.ts";
import type { Mount } from "./types.ts";

/** Shows a file or directory of the host in the container. */
export function bindMount(
  context: MountContext,
  mount: Mount,
  destination: string,
  options: MountOptions,
): void {
  const { root } = context;
  const { list } = root;
  const source = sourcePath(mount, destination, context.bundle);
  if (options.data.length > 0) {
    throw new HuskError("invalid", `bind mount on ${destination}: unknown option "${options.data[0]}"`, {
      hint: "a bind mount has no options of a file system; known are ro, nosuid, nodev, noexec, noatime, rprivate, …",
    });
  }
  const kind = sourceKind(mount, source, destination, options.sourceNofollow || options.copySymlink);
  if (kind === "link" && options.copySymlink) return copyLink(context, source, destination);
  const isDirectory = kind === "directory";
  list.step(`bind ${source} on ${destination}`, "the container sees this part of the host", () =>
    shellForBind(mount, source, destination, !isDirectory),
  );
  const namespace = idMapOf(context, mount, destination, options);
  const tree = cloneSource(context, mount, source, options);
  if (namespace !== undefined) mapIds(context.keeper ?? list, tree, namespace, options, destination);
  changeByOptions(list, tree, options, destination);
  let place: Result;
  if (isDirectory) place = directoryInRoot(root, destination, resolveFor(destination));
  else place = fileInRoot(root, destination, options.destinationNofollow ? O_NOFOLLOW : 0);
  attach(list, tree, place, destination);
  noteMount(root, destination);
  propagateByOptions(list, tree, options, destination);
}

/** Clones the mount that holds `source`; by the keeper if only the host may go there. */
function cloneSource(context: MountContext, mount: Mount, source: string, options: MountOptions): Result {
  const { keeper } = context;
  const { list } = context.root;
  const flags =
    OPEN_TREE_CLONE |
    O_CLOEXEC |
    (options.recursive ? AT_RECURSIVE : 0) |
    (options.sourceNofollow ? AT_SYMLINK_NOFOLLOW : 0);
  if (keeper === undefined) return openSource(list, mount, source, flags);
  keeper.step(
    `open ${source}`,
    "under a user namespace, the container's root may not go there itself",
    () => "#   a shell cannot hand on a mount: the folders above have to be open to the container's root",
  );
  const tree = openSource(keeper, mount, source, flags);
  if (!options.propagation.some((kind) => (kind & MS_SHARED) !== 0)) {
    // In the host's mount namespace the clone is a peer of what it was cloned from: mounts would appear there.
    const slave = mountAttr(0, 0, MS_SLAVE);
    keeper
      .call("mount_setattr", tree, "", AT_EMPTY_PATH | AT_RECURSIVE, slave, MOUNT_ATTR_BYTES)
      .about(source);
  }
  return tree;
}

function openSource(list: List, { sourceRoot }: Mount, source: string, flags: number): Result {
  if (sourceRoot === undefined) return list.call("open_tree", AT_FDCWD, source, flags).about(source);
  const root = list
    .call("openat", AT_FDCWD, sourceRoot, O_PATH | O_DIRECTORY | O_CLOEXEC, 0)
    .about(sourceRoot);
  const how = openHow(O_PATH | O_CLOEXEC, 0, RESOLVE_IN_ROOT);
  const inside = source.slice(sourceRoot.length + 1);
  const place = list.call("openat2", root, inside, how, OPEN_HOW_BYTES).about(source);
  return list.call("open_tree", place, "", flags | AT_EMPTY_PATH).about(source);
}

function sourcePath(mount: Mount, destination: string, bundle: string): string {
  const { source } = mount;
  if (source === undefined || source === "") {
    throw new HuskError("invalid", `the bind mount on ${destination} has no source`, {
      hint: 'name a file or directory of the host in "source"',
    });
  }
  return source.charCodeAt(0) === 47 ? source : `${bundle}/${source}`;
}

function sourceKind(
  { sourceRoot }: Mount,
  source: string,
  destination: string,
  nofollow: boolean,
): "directory" | "file" | "link" {
  try {
    const info =
      sourceRoot !== undefined
        ? statBelow(sourceRoot, source)
        : nofollow
          ? lstatSync(source)
          : statSync(source);
    return info.isDirectory() ? "directory" : info.isSymbolicLink() ? "link" : "file";
  } catch (cause) {
    const missing = ["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "");
    throw new HuskError(
      missing ? "not-found" : "denied",
      `bind mount on ${destination}: the source ${source} ${missing ? "does not exist" : "cannot be reached"}`,
      { hint: missing ? "create it first, or name another source" : "check the folders above it", cause },
    );
  }
}

function statBelow(root: string, path: string): Stats {
  const found = statInRoot({ root }, path.slice(root.length + 1));
  if (found === undefined) throw Object.assign(new Error(`there is no ${path}`), { code: "ENOENT" });
  return found.stats;
}

/** `copy-symlink`: the same link in the container instead of a mount. */
function copyLink(context: MountContext, source: string, destination: string): void {
  const { root } = context;
  const target = readlinkSync(source);
  root.list.step(`link ${destination}`, `${source} is a symbolic link, and it is to be copied`, () => {
    const slash = destination.lastIndexOf("/");
    const parent = inRootfs(destination.slice(0, slash) || "/");
    return `mkdir -p ${parent}\nln -s ${quote(target)} ${parent}${quote(destination.slice(slash))}`;
  });
  const { parent, name } = parentInRoot(root, destination);
  root.list.call("symlinkat", target, parent, name).accept("EEXIST").about(destination);
}
