// Containers of the security tests: small ones, in an engine of their own.
import type { Config } from "./harness/bundle.ts";
import { engine, makeBundle, makeRootfs, type Result } from "./harness/index.ts";

/** `husk run … --rootfs DIR COMMAND…` in an engine of its own. */
export function inRootfs(
  flags: readonly string[],
  command: readonly string[],
  rootfs = makeRootfs(),
): Promise<Result> {
  return engine().husk(["run", "--rm", ...flags, "--rootfs", rootfs, "--", ...command]);
}

/** `husk oci run` of the default bundle, changed by `change`. */
export function inBundle(
  change: (config: Config) => void,
  command: readonly string[] = ["true"],
): Promise<Result> {
  const { path } = makeBundle(command, change);
  return engine().husk(["oci", "run", "--bundle", path, `cve-${process.pid}-${path.length}`]);
}
