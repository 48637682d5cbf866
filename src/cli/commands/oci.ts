import { HuskError } from "../../platform/error.ts";
import { nearest } from "../../platform/nearest.ts";
import { OCI_LATER_COMMANDS } from "../flags/oci.ts";
import { type OciOptions, parseOci } from "../flags/oci-run.ts";
import type { Globals } from "../grammar.ts";

/** `husk oci [OPTIONS] COMMAND`, which is also the whole of `husk-oci`. */
export async function oci(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const options: OciOptions = { log: undefined, logFormat: "text", version: false };
  try {
    return await dispatch(parseOci(argv, from, options, globals), options, globals);
  } catch (error) {
    if (options.log !== undefined) {
      const { logError } = await import("../oci-log.ts");
      logError(options.log, options.logFormat, error);
    }
    throw error;
  }
}

async function dispatch(words: readonly string[], options: OciOptions, globals: Globals): Promise<number> {
  const name = words[0];
  if (options.version) {
    const { ociVersionLines } = await import("./version.ts");
    console.log(ociVersionLines());
    return 0;
  }
  if (name === "run") {
    const { ociRun } = await import("./oci-run.ts");
    return ociRun(words, 1, globals);
  }
  if (name === undefined) {
    const { printHelp } = await import("./help.ts");
    return printHelp(["oci"]);
  }
  if (OCI_LATER_COMMANDS.split(" ").includes(name)) {
    throw new HuskError("unsupported", `oci ${name}: not in this version`, { hint: "there is run" });
  }
  const near = nearest(name, ["run"]);
  throw new HuskError("invalid", `unknown command: husk oci ${name}`, {
    hint:
      near === undefined ? "see 'husk oci --help'" : `did you mean husk oci ${near}? see 'husk oci --help'`,
  });
}
