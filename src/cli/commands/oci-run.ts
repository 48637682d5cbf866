import { createContainer, runInForeground } from "../../runtime/oci/create.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { holdSignals } from "../forward-signals.ts";
import { printHelp } from "../print-help.ts";
import { createOptions } from "./oci-create.ts";
import type { OciCall } from "./oci.ts";

/** `husk oci run [OPTIONS] ID`: creates a container and starts it. */
export async function ociRun(call: OciCall): Promise<number> {
  const { argv, from, globals, runtime } = call;
  const given = ociArguments("run", argv, from, globals, { least: 1, most: 1 });
  if (given === undefined) return printHelp(["oci", "run"]);
  const options = createOptions(given, call);
  if (given.on("detach")) {
    await createContainer(runtime, options, "detach");
    return 0;
  }
  const passOn = holdSignals();
  const container = await runInForeground(runtime, options, given.on("keep"));
  passOn(container.kill, undefined);
  return container.ended;
}
