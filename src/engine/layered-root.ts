import { readFileSync, statSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import type { RootfsSource } from "../rootfs/index.ts";
import { readHostFacts } from "../runtime/host-facts.ts";
import type { Spec } from "../runtime/config.ts";
import { ownFiles } from "./own-files.ts";
import type { RunOptions } from "./run-options.ts";

/**
 * The root file system of an image's container: its layers, with the files that tell of this container.
 *
 * @throws HuskError "unsupported" with id maps that the layers' files do not follow
 */
export function layeredRoot(
  options: RunOptions,
  source: Extract<RunOptions["source"], { kind: "image" }>,
  spec: Spec,
): Extract<RootfsSource, { kind: "layers" }> {
  // Root's layers are shown with the container's ids; those of an ordinary user belong to that user's own.
  const isMapped = options.uidMap !== undefined || options.gidMap !== undefined;
  if (isMapped && source.copy === undefined && !readHostFacts().privileged)
    throw new HuskError(
      "unsupported",
      `${source.name}: its files belong to your own ids, which --uidmap and --gidmap do not change`,
      {
        hint: "leave the maps out, run husk as root, or use --rootfs with a folder that belongs to the mapped ids",
      },
    );
  const { hosts = "", hostname, resolvConf } = ownFiles(options, spec);
  const files = [{ path: "/etc/hosts", content: hosts }];
  if (hostname !== undefined) files.push({ path: "/etc/hostname", content: `${hostname}\n` });
  if (resolvConf !== undefined) files.push({ path: "/etc/resolv.conf", content: resolvConf });
  const mode = statSync(source.layers[0] as string).mode & 0o7777;
  return { kind: "layers", layers: source.layers, mode, files, byName: !takesDescriptors() };
}

/** Whether overlayfs takes layers by descriptor: since Linux 6.13. */
function takesDescriptors(): boolean {
  const release = readFileSync("/proc/sys/kernel/osrelease", "latin1").split(".");
  const [major = 0, minor = 0] = release.map((part) => Number.parseInt(part, 10));
  return major > 6 || (major === 6 && minor >= 13);
}
