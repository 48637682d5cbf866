import { restoreContainer } from "../../runtime/oci/restore.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { forwardSignals } from "../forward-signals.ts";
import { criuFlags } from "./oci-checkpoint.ts";
import { createOptions } from "./oci-create.ts";
import { printHelp } from "../print-help.ts";
import type { OciCall } from "./oci.ts";

/** `husk oci restore [OPTIONS] ID`: a container of what checkpoint has written. */
export async function ociRestore(call: OciCall): Promise<number> {
  const { argv, from, globals, runtime, criu } = call;
  const given = ociArguments("restore", argv, from, globals, { least: 1, most: 1 });
  if (given === undefined) return printHelp(["oci", "restore"]);
  const [lsmProfile, lsmMountContext] = [given.text("lsm-profile"), given.text("lsm-mount-context")];
  const flags = {
    ...criuFlags(given, criu),
    ...(lsmProfile ? { lsmProfile } : {}),
    ...(lsmMountContext ? { lsmMountContext } : {}),
  };
  const container = await restoreContainer(runtime, createOptions(given, call), flags, given.on("detach"));
  if (container === undefined) return 0;
  forwardSignals(container.kill, undefined);
  return container.ended;
}
