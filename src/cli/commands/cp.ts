import {
  copyFromContainer,
  type CopyOptions,
  copyToContainer,
  readFromContainer,
  writeToContainer,
} from "../../engine/copy/index.ts";
import { findTarget } from "../../engine/life/target.ts";
import { HuskError } from "../../platform/error.ts";
import { readArguments } from "../command-arguments.ts";
import { CHANGE_FLAGS } from "../flags/changes.ts";
import { humanSize } from "../format/index.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { readInput } from "../../platform/read-pieces.ts";
import { oneLine, printError } from "../stderr.ts";
import { isTerminal } from "../terminal.ts";
import { writeOutput } from "../write-output.ts";
import { printHelp } from "../print-help.ts";

/** `husk cp CONTAINER:SOURCE TARGET|-` and `husk cp SOURCE|- CONTAINER:TARGET` */
export async function cp(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const shape = { name: "cp", flags: CHANGE_FLAGS.cp, least: 2, most: 2 };
  const given = readArguments(shape, argv, from, globals);
  if (given === undefined) return printHelp(["cp"]);
  const [source, target] = given.words.map(place) as [Place, Place];
  if (source.container !== undefined && target.container !== undefined)
    throw new HuskError("invalid", "copying between containers is not supported", {
      hint: `husk cp ${given.words[0]} - | husk cp - ${given.words[1]}`,
    });
  const home = homeOf(globals);
  const options: CopyOptions = { archive: given.on("archive"), followLink: given.on("follow-link") };
  if (source.container !== undefined) {
    const { id } = findTarget(home, source.container).record;
    if (target.path === "-") {
      if (isTerminal(1))
        throw new HuskError("invalid", "husk cp writes an archive, which is nothing for a terminal", {
          hint: "redirect the output: husk cp CONTAINER:SOURCE - | tar t",
        });
      await readFromContainer(home, id, source.path, (archive) => writeOutput(archive, undefined), options);
      return 0;
    }
    const bytes = await copyFromContainer(home, id, source.path, target.path, options);
    if (!given.on("quiet")) say(bytes, target.path);
    return 0;
  }
  if (target.container === undefined)
    throw new HuskError("invalid", "must specify at least one container source", {
      hint: "husk cp CONTAINER:SOURCE TARGET, or husk cp SOURCE CONTAINER:TARGET",
    });
  const { id } = findTarget(home, target.container).record;
  if (source.path === "-") await writeToContainer(home, id, target.path, readInput("-"));
  else {
    const bytes = await copyToContainer(home, id, source.path, target.path, options);
    if (!given.on("quiet")) say(bytes, given.words[1] as string);
  }
  return 0;
}

/** docker's words, on stderr. */
function say(bytes: number, target: string): void {
  printError(oneLine(`Successfully copied ${humanSize(bytes)} to ${target}`));
}

interface Place {
  /** Absent: this machine. */
  readonly container: string | undefined;
  readonly path: string;
}

/** `CONTAINER:PATH`; a path of this machine with a colon begins with / or ., as with docker. */
function place(text: string): Place {
  const colon = text.indexOf(":");
  if (colon <= 0 || text[0] === "/" || text[0] === ".") return { container: undefined, path: text };
  return { container: text.slice(0, colon), path: text.slice(colon + 1) || "/" };
}
