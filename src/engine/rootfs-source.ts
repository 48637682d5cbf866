import type { Spec } from "../runtime/config.ts";
import { existsSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import type { RootfsSource, WritableFolder, WritableForm } from "../rootfs/index.ts";
import type { RootView } from "../platform/in-root.ts";
import { ownFiles } from "./own-files.ts";
import type { RunOptions } from "./run-options.ts";
import { isOff } from "./spec/namespaces.ts";

/** A container's root file system as far as it is known before its configuration is. */
export interface ChosenRootfs {
  /** Where its files can be looked up on this machine. */
  readonly view: RootView;
  /** What a person calls it. */
  readonly name: string;
}

/** Finds the root file system: the host's own view, a folder, or the one that a bundle names. */
export function chooseRootfs(options: RunOptions, bundle: Spec | undefined): ChosenRootfs {
  if (isOff(options, "root")) return { view: { root: "/" }, name: "this machine's own root" };
  const { source } = options;
  if (source.kind === "image") return { view: { root: source.layers[0] as string }, name: source.name };
  if (source.kind === "host") return { view: { root: "/" }, name: "the image host" };
  let root = source.path;
  if (bundle !== undefined)
    root = bundle.root.path.startsWith("/") ? bundle.root.path : `${root}/${bundle.root.path}`;
  return { view: { root }, name: root };
}

export interface RootfsOptions {
  /** Where what the container writes is kept; absent: in memory. */
  readonly writable: WritableFolder | undefined;
  /** Is told what is weaker or slower than it should be. */
  warn(message: string): void;
}

/** Whether what a container writes to its root file system is kept apart from what it is made of. */
export function hasWritableFolder(options: RunOptions): boolean {
  const { source } = options;
  if (source.kind === "image" && source.copy !== undefined) return false;
  return (source.kind === "host" || source.kind === "image") && !isOff(options, "root");
}

/** How the root file system is made, for a configuration that is complete. */
export async function rootfsSource(
  options: RunOptions,
  spec: Spec,
  rootfs: ChosenRootfs,
  { writable, warn }: RootfsOptions,
): Promise<RootfsSource> {
  const wanted = options.source;
  const kept = writable === undefined ? {} : { writable };
  if (wanted.kind === "image" && !isOff(options, "root")) {
    if (wanted.copy !== undefined) return { kind: "directory", path: wanted.copy };
    const { layeredRoot } = await import("./layered-root.ts");
    return { ...layeredRoot(options, wanted, spec), ...kept };
  }
  if (wanted.kind !== "host" || isOff(options, "root")) return { kind: "directory", path: rootfs.view.root };
  const { hostImage } = await import("../image/host/index.ts");
  const { uidMappings, gidMappings } = spec.linux;
  const { source, warnings } = hostImage({
    with: wanted.with,
    ...ownFiles(options, spec),
    ...(uidMappings && gidMappings ? { idMaps: { uids: uidMappings, gids: gidMappings } } : {}),
  });
  for (const warning of warnings) warn(warning);
  if (writable === undefined) return source;
  return { ...source, writable: { ...writable, form: formOf(writable, source, spec) } };
}

/**
 * How what is written to a container of host is kept: as it was at its first start.
 *
 * @throws HuskError "unavailable" when a folder of this machine has become another file system since
 */
function formOf(
  { path, isNew }: WritableFolder,
  { parts, reader }: Extract<RootfsSource, { kind: "composed" }>,
  spec: Spec,
): WritableForm {
  if (!isNew || existsSync(path)) {
    if (existsSync(`${path}/views`)) return "apart";
    if (existsSync(`${path}/upper`)) {
      for (const part of parts) {
        if (part.kind !== "copy-on-write" || part.inRoot === true) continue;
        if (existsSync(`${path}/upper${part.path}`) || !existsSync(`${path}/beside`))
          throw notAsBefore(part.path);
      }
      return "whole";
    }
  }
  if (reader === undefined || needsApart(spec)) return "apart";
  for (const part of parts) if (part.kind === "copy-on-write" && part.inRoot === true) return "whole";
  return "apart";
}

/**
 * A user namespace can have no overlay of all of `/`, as it would show what mounts hide (has_locked_children in
 * fs/namespace.c). A program that may mount overlays finds a root that is none, on which they can stand.
 */
function needsApart({ process, linux }: Spec): boolean {
  if (process.capabilities?.bounding?.includes("CAP_SYS_ADMIN") === true) return true;
  for (const { type } of linux.namespaces ?? []) if (type === "user") return true;
  return false;
}

function notAsBefore(path: string): HuskError {
  return new HuskError(
    "unavailable",
    `what the container wrote to ${path} does not fit any more: when it was started first, ${path} was a folder of ` +
      "this machine's root file system, to be read as somebody who owns nothing",
    {
      hint: `see whether something is mounted on ${path}; husk diff shows what it wrote, husk apply brings it over`,
    },
  );
}
