import { features } from "../../runtime/oci/features.ts";
import { print } from "../byte-output.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { huskVersion } from "../../platform/versions.ts";
import { printHelp } from "../print-help.ts";
import type { OciCall } from "./oci.ts";

/** `husk oci features`: what this runtime can do (features.md of the runtime specification). */
export function ociFeatures({ argv, from, globals }: OciCall): number | Promise<number> {
  const given = ociArguments("features", argv, from, globals, { least: 0, most: 0 });
  if (given === undefined) return printHelp(["oci", "features"]);
  print(`${JSON.stringify(features(huskVersion), undefined, 4)}\n`);
  return 0;
}
