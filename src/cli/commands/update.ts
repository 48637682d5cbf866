import { type UpdateOptions, updateContainer } from "../../engine/life/update.ts";
import { HuskError } from "../../platform/error.ts";
import { eachContainer, readyHome } from "../each-container.ts";
import { LIFE_FLAGS } from "../flags/life.ts";
import { newRunFlags, setRunFlag } from "../flags/set-run-flag.ts";
import type { Globals } from "../grammar.ts";
import { parseArguments } from "../parse-arguments.ts";
import { oneLine, printError } from "../stderr.ts";
import { printHelp } from "../print-help.ts";

/** `husk update CONTAINER…`: changes limits and restart policies of containers, running or not. */
export async function update(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const flags = newRunFlags();
  const words = parseArguments(
    { name: "update", flags: LIFE_FLAGS.update, set: setRunFlag },
    argv,
    from,
    flags,
    globals,
  );
  if (globals.help) return printHelp(["update"]);
  const { source: _source, command: _command, ...limits } = flags.options;
  const { restart } = flags.life;
  const changes: UpdateOptions = { ...limits, ...(restart === undefined ? {} : { restart }) };
  if (Object.keys(changes).length === 0)
    throw new HuskError("invalid", "you must provide one or more flags when using this command", {
      hint: "see 'husk update --help'",
    });
  if (words.length === 0)
    throw new HuskError("invalid", '"husk update" requires at least 1 argument', {
      hint: "see 'husk update --help'",
    });
  const home = await readyHome(globals);
  return eachContainer(home, words, globals, async (id) => {
    for (const warning of await updateContainer(home, id, changes))
      printError(oneLine(`husk: warning: ${warning}`));
  });
}
