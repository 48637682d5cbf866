import { HuskError } from "../../platform/error.ts";
import { watchOutOfMemory } from "../../runtime/oci/out-of-memory.ts";
import { readStats, statsText } from "../../runtime/oci/stats.ts";
import { readContainer } from "../../runtime/oci/state.ts";
import { print } from "../byte-output.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { parseDuration } from "../values/duration.ts";
import { printHelp } from "../print-help.ts";
import type { OciCall } from "./oci.ts";

const LOOK_MS = 200;

/** `husk oci events [--stats] [--interval TIME] ID`: counters and lacks of memory, a JSON object a line. */
export async function ociEvents({ argv, from, globals, runtime }: OciCall): Promise<number> {
  const given = ociArguments("events", argv, from, globals, { least: 1, most: 1 });
  if (given === undefined) return printHelp(["oci", "events"]);
  const interval = parseDuration("interval", given.text("interval") ?? "5s");
  if (interval <= 0) throw new HuskError("invalid", "duration interval must be greater than 0");
  const id = given.words[0] as string;
  const { state, status } = readContainer(runtime.root, id);
  if (status === "stopped") throw new HuskError("conflict", `container with id ${id} is not running`);
  const groups = state.cgroups?.groups ?? [];
  const tell = (type: string, data?: unknown): void =>
    print(`${statsText({ type, id, ...(data === undefined ? {} : { data }) })}\n`);
  if (given.on("stats")) {
    tell("stats", readStats(groups));
    return 0;
  }
  const stopped = (): boolean => {
    try {
      return readContainer(runtime.root, id).status === "stopped";
    } catch {
      return true;
    }
  };
  let failure: unknown;
  const fail = (error: unknown): void => void (failure = error);
  const tellOfMemory = (): void => {
    try {
      tell("oom");
    } catch (error) {
      fail(error);
    }
  };
  const watching = watchOutOfMemory(runtime, groups, tellOfMemory, stopped).catch(fail);
  for (
    let next = Date.now() + interval;
    !stopped();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  ) {
    if (failure !== undefined) throw failure;
    if (Date.now() < next) continue;
    next += interval;
    tell("stats", readStats(groups));
  }
  // What came with the end is told as well; v1 tells by the end of the group only, for which nobody waits.
  await Promise.race([watching, new Promise((resolve) => setTimeout(resolve, 2 * LOOK_MS))]);
  return 0;
}
