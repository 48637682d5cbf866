import { pauseContainer, resumeContainer } from "../../runtime/oci/pause.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { printHelp } from "../print-help.ts";
import type { OciCall } from "./oci.ts";

/** `husk oci pause ID`. */
export function ociPause({ argv, from, globals, runtime }: OciCall): number | Promise<number> {
  const given = ociArguments("pause", argv, from, globals, { least: 1, most: 1 });
  if (given === undefined) return printHelp(["oci", "pause"]);
  pauseContainer(runtime.root, given.words[0] as string);
  return 0;
}

/** `husk oci resume ID`. */
export function ociResume({ argv, from, globals, runtime }: OciCall): number | Promise<number> {
  const given = ociArguments("resume", argv, from, globals, { least: 1, most: 1 });
  if (given === undefined) return printHelp(["oci", "resume"]);
  resumeContainer(runtime.root, given.words[0] as string);
  return 0;
}
