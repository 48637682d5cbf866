import { startContainer } from "../../runtime/oci/start.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { printHelp } from "../print-help.ts";
import type { OciCall } from "./oci.ts";

/** `husk oci start ID`. */
export async function ociStart({ argv, from, globals, runtime }: OciCall): Promise<number> {
  const given = ociArguments("start", argv, from, globals, { least: 1, most: 1 });
  if (given === undefined) return printHelp(["oci", "start"]);
  await startContainer(runtime, given.words[0] as string);
  return 0;
}
