import { deleteContainer } from "../../runtime/oci/delete.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { printHelp } from "../print-help.ts";
import type { OciCall } from "./oci.ts";

/** `husk oci delete [--force] ID`. */
export async function ociDelete({ argv, from, globals, runtime }: OciCall): Promise<number> {
  const given = ociArguments("delete", argv, from, globals, { least: 1, most: 1 });
  if (given === undefined) return printHelp(["oci", "delete"]);
  await deleteContainer(runtime, given.words[0] as string, given.on("force"));
  return 0;
}
