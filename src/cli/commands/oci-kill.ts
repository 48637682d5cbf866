import { HuskError } from "../../platform/error.ts";
import { killContainer } from "../../runtime/oci/kill.ts";
import { readContainer } from "../../runtime/oci/state.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { parseSignal } from "../values/signal.ts";
import { printHelp } from "../print-help.ts";
import type { OciCall } from "./oci.ts";

/** `husk oci kill [--all] ID [SIGNAL]`. */
export async function ociKill({ argv, from, globals, runtime }: OciCall): Promise<number> {
  const given = ociArguments("kill", argv, from, globals, { least: 1, most: 2 });
  if (given === undefined) return printHelp(["oci", "kill"]);
  const [id = "", signal = "SIGTERM"] = given.words;
  const container = readContainer(runtime.root, id);
  await killContainer(runtime, container, signalNumber(signal), given.on("all"));
  return 0;
}

function signalNumber(name: string): number {
  // kill(2): nothing is sent, and the answer tells whether the container runs.
  if (name === "0") return 0;
  try {
    return parseSignal("signal", name);
  } catch (cause) {
    throw new HuskError("invalid", `unknown signal ${JSON.stringify(name)}`, { cause });
  }
}
