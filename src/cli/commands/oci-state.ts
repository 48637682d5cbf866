import { readContainer } from "../../runtime/oci/state.ts";
import { print } from "../byte-output.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { printHelp } from "../print-help.ts";
import type { OciCall } from "./oci.ts";

/** `husk oci state ID`: the container as JSON (runtime.md, "State"), with runc's additions. */
export function ociState({ argv, from, globals, runtime }: OciCall): number | Promise<number> {
  const given = ociArguments("state", argv, from, globals, { least: 1, most: 1 });
  if (given === undefined) return printHelp(["oci", "state"]);
  const { state, status, process } = readContainer(runtime.root, given.words[0] as string);
  const { ociVersion, id, bundle, rootfs, created, annotations } = state;
  const shown = {
    ociVersion,
    id,
    pid: process?.pid ?? 0,
    status,
    bundle,
    rootfs,
    created,
    ...(annotations === undefined ? {} : { annotations }),
    owner: "",
  };
  print(JSON.stringify(shown, undefined, 2));
  return 0;
}
