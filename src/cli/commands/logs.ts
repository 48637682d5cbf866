import { findId } from "../../engine/container/find.ts";
import { containerLog } from "../../engine/log/container-log.ts";
import { NOTE, readLog, STDERR } from "../../engine/log/index.ts";
import { ByteOutput } from "../byte-output.ts";
import { readArguments } from "../command-arguments.ts";
import { CONTAINER_FLAGS } from "../flags/container.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { oneLine, printError } from "../stderr.ts";
import { parseMoment } from "../values/moment.ts";
import { parseInteger } from "../values/number.ts";
import { printHelp } from "../print-help.ts";

/** `husk logs`: what a container wrote, to the streams it wrote it to. */
export async function logs(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const shape = { name: "logs", flags: CONTAINER_FLAGS.logs, least: 1, most: 1 };
  const given = readArguments(shape, argv, from, globals);
  if (given === undefined) return printHelp(["logs"]);
  const home = homeOf(globals);
  const warn = (message: string): void => printError(oneLine(`husk: warning: ${message}`));
  const log = containerLog(home, findId(home.folders, given.words[0] as string), warn);
  const moment = (flag: string): bigint | undefined => {
    const text = given.text(flag);
    return text === undefined || text === "" ? undefined : parseMoment(flag, text);
  };
  const output = new ByteOutput();
  const options = {
    follow: given.on("follow"),
    timestamps: given.on("timestamps"),
    tail: lineCount(given.text("tail")),
    since: moment("since"),
    until: moment("until"),
    prefix: given.on("details") ? log.details : undefined,
  };
  await readLog(
    log,
    options,
    (stream, buffer, start, end) => {
      if (stream === NOTE) warn(new TextDecoder().decode(buffer.subarray(start, end)));
      else output.write(stream === STDERR ? 2 : 1, buffer, start, end);
    },
    () => output.flush(),
  );
  return 0;
}

/** A number of lines; negative ones and `all` are all of them. */
function lineCount(text: string | undefined): number | undefined {
  if (text === undefined || text === "all" || text === "") return undefined;
  const count = parseInteger("tail", text, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  return count < 0 ? undefined : count;
}
