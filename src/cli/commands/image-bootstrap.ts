import { imageContext } from "../../engine/image-context.ts";
import { bootstrapImage, formatReference, parseReference } from "../../image/index.ts";
import { parseImageBootstrap } from "../flags/image-bootstrap.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { sourceDateEpoch } from "../source-date-epoch.ts";
import { oneLine, printError } from "../stderr.ts";
import { printHelp } from "../print-help.ts";

/** What debootstrap says of each package. */
const DETAIL = /^I: (Retrieving|Validating|Extracting|Unpacking|Configuring) /;

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
  const say = (text: string): void => {
    if (!quiet) printError(oneLine(text));
  };
  const context = imageContext(homeOf(globals), (message) =>
    printError(oneLine(`husk: warning: ${message}`)),
  );
  const epoch = sourceDateEpoch();
  let interrupted = 0;
  const interruptible = (stop: () => void): void => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(name, (_name: string, signal: number) => {
        interrupted = signal;
        stop();
      });
  };
  const made = await bootstrapImage(context, {
    recipe,
    reference,
    cache,
    line: (line) => {
      if (/^[IWE]: /.test(line) && !DETAIL.test(line)) say(line);
    },
    started: interruptible,
    ...(tool === undefined ? {} : { tool }),
    ...(epoch === undefined ? {} : { epoch }),
  }).catch((error: unknown) => {
    if (interrupted === 0) throw error;
    return undefined;
  });
  if (made === undefined) {
    printError("husk: interrupted: nothing is left of it");
    return 128 + interrupted;
  }
  const { digest, cached } = made;
  if (cached) say("husk: an image of the same recipe is here already; --no-cache makes it anew");
  say(`Digest: ${digest}`);
  console.log(formatReference(reference));
  return 0;
}
