import { listProcesses } from "../../engine/processes/ps.ts";
import { HuskError } from "../../platform/error.ts";
import { containerProcesses } from "../../runtime/oci/processes.ts";
import { readContainer } from "../../runtime/oci/state.ts";
import { print } from "../byte-output.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { printHelp } from "../print-help.ts";
import type { OciCall } from "./oci.ts";

/** `husk oci ps [--format table|json] ID [PS OPTIONS]`: the lines of ps(1) about a container's processes. */
export function ociPs({ argv, from, globals, runtime }: OciCall): number | Promise<number> {
  const given = ociArguments("ps", argv, from, globals, { least: 1, most: Infinity, flagsFirst: true });
  if (given === undefined) return printHelp(["oci", "ps"]);
  const format = given.text("format") ?? "table";
  if (format !== "table" && format !== "json") throw new HuskError("invalid", "invalid format option");
  const [id = "", ...options] = given.words;
  const pids = containerProcesses(readContainer(runtime.root, id));
  const text = format === "json" ? JSON.stringify(pids) : listProcesses(pids, options).lines.join("\n");
  print(`${text}\n`);
  return 0;
}
