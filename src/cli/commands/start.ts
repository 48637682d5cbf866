import { findId } from "../../engine/container/find.ts";
import type { Home } from "../../engine/home.ts";
import { startContainer } from "../../engine/life/start.ts";
import { HuskError } from "../../platform/error.ts";
import type { CommandArguments } from "../command-arguments.ts";
import { eachContainer, lifeArguments, readyHome } from "../each-container.ts";
import type { Globals } from "../grammar.ts";
import { reportError } from "../report-error.ts";
import { oneLine, printError } from "../stderr.ts";
import { printHelp } from "../print-help.ts";

/** `husk start CONTAINER…`, or with --all those whose restart policy wants it after a reboot. */
export async function start(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = lifeArguments("start", argv, from, globals, [0, Number.POSITIVE_INFINITY]);
  if (given === undefined) return printHelp(["start"]);
  if (given.on("all") !== (given.words.length === 0))
    throw new HuskError("invalid", '"husk start" requires at least 1 argument, or --all and none', {
      hint: "see 'husk start --help'",
    });
  const home = await readyHome(globals);
  if (given.on("all")) return startAll(home, globals);
  if (given.on("attach") || given.on("interactive")) return startAttached(home, given);
  return eachContainer(home, given.words, globals, (id) => startOne(home, id));
}

async function startOne(home: Home, id: string): Promise<void> {
  for (const warning of await startContainer(home, id)) printError(oneLine(`husk: warning: ${warning}`));
}

async function startAll(home: Home, globals: Globals): Promise<number> {
  const { startAtBoot } = await import("../../engine/life/start-at-boot.ts");
  let status = 0;
  for (const { name, error } of await startAtBoot(home, printError)) {
    if (error === undefined) console.log(name);
    else {
      reportError(error, globals.debug);
      status = 1;
    }
  }
  return status;
}

/** `-a`, `-i`: with the container's output, and its input; the exit status is the program's. */
async function startAttached(home: Home, given: CommandArguments): Promise<number> {
  if (given.words.length > 1)
    throw new HuskError("invalid", "you cannot start and attach multiple containers at once", {
      hint: "leave out -a and -i, or start one",
    });
  const [word = ""] = given.words;
  const id = findId(home.folders, word);
  const { attachFromStart } = await import("../attach-from-start.ts");
  return attachFromStart(home, id, given, () => startOne(home, id));
}
