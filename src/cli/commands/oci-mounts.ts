import { readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { addLiveMounts, readMounts, removeLiveMounts } from "../../runtime/oci/live-mounts.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { printHelp } from "../print-help.ts";
import type { OciCall } from "./oci.ts";

/** `husk oci mounts add|remove ID FILE`: mounts of a container that is there, as crun has it. */
export async function ociMounts({ argv, from, globals, runtime }: OciCall): Promise<number> {
  const given = ociArguments("mounts", argv, from, globals, { least: 3, most: 3 });
  if (given === undefined) return printHelp(["oci", "mounts"]);
  const [action = "", id = "", file = ""] = given.words;
  if (action !== "add" && action !== "remove")
    throw new HuskError("invalid", `unknown command ${action}`, {
      hint: "husk oci mounts add|remove ID FILE",
    });
  let content: string;
  try {
    content = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (cause) {
    throw new HuskError("not-found", `cannot read the mounts from ${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
  const mounts = readMounts(content, file, runtime.warn);
  await (action === "add" ? addLiveMounts : removeLiveMounts)(runtime, id, mounts);
  return 0;
}
