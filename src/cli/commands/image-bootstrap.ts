import { chooseFolders } from "../../engine/folders.ts";
import { imageContext } from "../../engine/image-context.ts";
import { bootstrapImage, formatReference, parseReference } from "../../image/index.ts";
import { parseImageBootstrap } from "../flags/image-bootstrap.ts";
import { forwardSignals } from "../forward-signals.ts";
import type { Globals } from "../grammar.ts";
import { keeperSource } from "../keeper-source.ts";
import { sourceDateEpoch } from "../source-date-epoch.ts";
import { oneLine, printError } from "../stderr.ts";
import { printHelp } from "./help.ts";

/** `husk image bootstrap`: an image of a distribution's packages. Its whole name goes to stdout. */
export async function imageBootstrap(
  argv: readonly string[],
  from: number,
  globals: Globals,
): Promise<number> {
  const asked = parseImageBootstrap(argv, from, globals);
  if (asked === undefined) return printHelp(["image", "bootstrap"]);
  const { recipe, name, tool, cache, quiet } = asked;
  const reference = parseReference(name);
  const engine = { folders: chooseFolders(globals), keeper: keeperSource };
  const say = (text: string): void => {
    if (!quiet) printError(oneLine(text));
  };
  const context = imageContext(engine, (message) => printError(oneLine(`husk: warning: ${message}`)));
  const epoch = sourceDateEpoch();
  const { digest, cached } = await bootstrapImage(context, {
    recipe,
    reference,
    cache,
    line: (line) => {
      if (
        !/^I: (Retrieving|Validating|Extracting|Unpacking|Configuring|Keyring|Valid|Checking|Found|Resolving) /.test(
          line,
        )
      )
        say(line);
    },
    started: (send) => forwardSignals(send, undefined),
    ...(tool === undefined ? {} : { tool }),
    ...(epoch === undefined ? {} : { epoch }),
  });
  if (cached) say("husk: an image of the same recipe is here already; --no-cache makes it anew");
  say(`Digest: ${digest}`);
  console.log(formatReference(reference));
  return 0;
}
