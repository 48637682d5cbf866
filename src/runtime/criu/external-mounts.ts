import { closeSync } from "node:fs";
import type { CgroupMount } from "../../cgroup/index.ts";
import { findInRoot } from "../../platform/in-root.ts";
import { cleanPath, defaultDevices } from "../../rootfs/index.ts";
import type { Spec } from "../config.ts";

/** A mount whose other side is outside of the container: its place inside, and the host's path. */
export interface ExternalMount {
  readonly place: string;
  readonly source: string;
}

/**
 * What criu has to be told of a container's mounts: of those it finds only one side inside.
 *
 * @param root the root file system, or /proc/PID/root
 * @param cgroups entries of a mount of type `cgroup`
 */
export function externalMounts(
  spec: Spec,
  bundle: string,
  root: string,
  cgroups: readonly CgroupMount[],
): ExternalMount[] {
  const found: ExternalMount[] = [];
  const add = (destination: string, source: string): void =>
    void found.push({ place: placeOf(root, destination), source });
  for (const { destination, type, source = "", options = [] } of spec.mounts ?? []) {
    if (type === "bind" || type === "rbind" || options.includes("bind") || options.includes("rbind"))
      add(destination, source.startsWith("/") ? source : `${bundle}/${source}`);
    if (type !== "cgroup" && type !== "cgroup2") continue;
    for (const entry of cgroups)
      if (entry.type === "bind")
        add(entry.destination === "" ? destination : `${destination}/${entry.destination}`, entry.source);
  }
  for (const { path } of [...defaultDevices(), ...(spec.linux.devices ?? [])]) add(path, path);
  return found;
}

/** Where a destination really is: its symbolic links are the container's. */
function placeOf(root: string, destination: string): string {
  const found = findInRoot({ root }, destination);
  if (found === undefined) return cleanPath(destination);
  closeSync(found.fd);
  return found.path === "" ? "/" : found.path;
}

/** The same as criu takes it when it restores: place and source. */
export function addedMounts(
  spec: Spec,
  bundle: string,
  rootfs: string,
  cgroups: readonly CgroupMount[],
): (readonly [string, string])[] {
  const mounts = externalMounts(spec, bundle, rootfs, cgroups).map(
    ({ place, source }) => [place, source] as const,
  );
  return spec.linux.maskedPaths?.length ? [...mounts, ["/dev/null", "/dev/null"]] : mounts;
}
