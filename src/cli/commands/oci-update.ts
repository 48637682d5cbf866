import { readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { parseJson } from "../../runtime/json-syntax.ts";
import { updateContainer } from "../../runtime/oci/update.ts";
import type { CommandArguments } from "../command-arguments.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { parseInteger } from "../values/number.ts";
import { parseSize } from "../values/size.ts";
import { printHelp } from "../print-help.ts";
import type { OciCall } from "./oci.ts";

/** Where each flag goes in `linux.resources`. */
const places: readonly (readonly [
  flag: string,
  section: string,
  field: string,
  kind: "int" | "bytes" | "text",
])[] = [
  ["blkio-weight", "blockIO", "weight", "int"],
  ["cpu-burst", "cpu", "burst", "int"],
  ["cpu-idle", "cpu", "idle", "int"],
  ["cpu-period", "cpu", "period", "int"],
  ["cpu-quota", "cpu", "quota", "int"],
  ["cpu-rt-period", "cpu", "realtimePeriod", "int"],
  ["cpu-rt-runtime", "cpu", "realtimeRuntime", "int"],
  ["cpu-share", "cpu", "shares", "int"],
  ["cpuset-cpus", "cpu", "cpus", "text"],
  ["cpuset-mems", "cpu", "mems", "text"],
  ["memory", "memory", "limit", "bytes"],
  ["memory-reservation", "memory", "reservation", "bytes"],
  ["memory-swap", "memory", "swap", "bytes"],
  ["pids-limit", "pids", "limit", "int"],
];

/** `husk oci update [OPTIONS] ID`. */
export async function ociUpdate({ argv, from, globals, runtime }: OciCall): Promise<number> {
  const given = ociArguments("update", argv, from, globals, { least: 1, most: 1 });
  if (given === undefined) return printHelp(["oci", "update"]);
  const file = given.text("resources");
  await updateContainer(
    runtime,
    given.words[0] as string,
    file === undefined ? fromFlags(given) : fromFile(file),
  );
  return 0;
}

function fromFile(file: string): unknown {
  let content: string;
  try {
    content = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (cause) {
    throw new HuskError("not-found", `cannot read the resources from ${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
  return parseJson(content, file === "-" ? "(standard input)" : file);
}

function fromFlags(given: CommandArguments): Record<string, Record<string, unknown>> {
  const resources: Record<string, Record<string, unknown>> = {};
  for (const [flag, section, field, kind] of places) {
    const text = given.text(flag);
    if (text === undefined || text === "") continue;
    let value: unknown = text;
    if (kind === "int") value = parseInteger(flag, text, -1, Number.MAX_SAFE_INTEGER);
    else if (kind === "bytes") value = text === "-1" ? -1 : parseSize(flag, text);
    (resources[section] ??= {})[field] = value;
  }
  return resources;
}
