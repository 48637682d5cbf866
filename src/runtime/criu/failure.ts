import { readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import type { Failure, Report } from "../../plan/index.ts";
import { decodeMessage } from "./protobuf.ts";
import { CRIU_ANSWER } from "./converse.ts";
import { type Kind, kinds } from "./request.ts";

const CR_ERRNO = 7;

/** What criu said when it failed, in runc's words, with the last complaint of its log. */
export function criuFailure(
  kind: Kind,
  failure: Failure | undefined,
  report: Report,
  log: string,
): HuskError | undefined {
  const operation = failure?.operation;
  if (operation?.object === '"criu"' || operation?.kind === "exec")
    return new HuskError("unavailable", `cannot execute criu: ${operation.object ?? ""} is not in PATH`, {
      hint: "apt-get install criu; of a version that knows this kernel",
    });
  if (operation?.object !== "criu") return undefined;
  const fields = decodeMessage(report.exports.get(CRIU_ANSWER) ?? new Uint8Array(0));
  const said = Object.entries(kinds).find(([, number]) => number === fields.get(1))?.[0] ?? kind;
  const name = said.replace("preDump", "pre_dump").toUpperCase();
  return new HuskError("failed", `criu failed: type ${name} errno ${fields.get(CR_ERRNO) ?? 0}`, {
    hint: `log file: ${log}${lastComplaint(log)}`,
  });
}

function lastComplaint(log: string): string {
  try {
    const lines = readFileSync(log, "utf8").split("\n");
    // The last ones are about what follows from the first; this one is harmless.
    const line = lines.find((text) => text.includes("Error (") && !text.includes("rlimit: Can't setup"));
    return line === undefined ? "" : `: ${line.replace(/^\(\s*[\d.]+\)\s*(?:\d+:\s*)?/, "")}`;
  } catch {
    return "";
  }
}
