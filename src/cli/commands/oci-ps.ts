import { spawnSync } from "node:child_process";
import { writeSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { containerProcesses } from "../../runtime/oci/processes.ts";
import { readContainer } from "../../runtime/oci/state.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { printHelp } from "./help.ts";
import type { OciCall } from "./oci.ts";

/** `husk oci ps [--format table|json] ID [PS OPTIONS]`: the lines of ps(1) about a container's processes. */
export function ociPs({ argv, from, globals, runtime }: OciCall): number | Promise<number> {
  const given = ociArguments("ps", argv, from, globals, { least: 1, most: Infinity, flagsFirst: true });
  if (given === undefined) return printHelp(["oci", "ps"]);
  const format = given.text("format") ?? "table";
  if (format !== "table" && format !== "json") throw new HuskError("invalid", "invalid format option");
  const [id = "", ...options] = given.words;
  const pids = containerProcesses(readContainer(runtime.root, id));
  if (format === "json") {
    writeSync(1, `${JSON.stringify(pids)}\n`);
    return 0;
  }
  const { status, stdout, stderr, error } = spawnSync("ps", options.length > 0 ? options : ["-ef"], {
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  if (error !== undefined || status !== 0)
    throw new HuskError("failed", `ps: ${error?.message ?? stderr.trim()}`, {
      hint: "ps(1) is in Debian's package procps",
    });
  const [head = "", ...lines] = stdout.split("\n");
  const column = head.trim().split(/\s+/).indexOf("PID");
  if (column < 0) throw new HuskError("invalid", "couldn't find PID field in ps output");
  const shown = [head, ...lines.filter((line) => pids.includes(Number(line.trim().split(/\s+/)[column])))];
  writeSync(1, `${shown.join("\n")}\n`);
  return 0;
}
