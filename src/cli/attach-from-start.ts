import { attach } from "../engine/attach/attach.ts";
import type { Home } from "../engine/home.ts";
import { endOfLog } from "../engine/log/index.ts";
import { readTarget } from "../engine/life/target.ts";
import { HuskError } from "../platform/error.ts";
import { beAttached } from "./attach-streams.ts";
import type { CommandArguments } from "./command-arguments.ts";
import { isTerminal } from "./terminal.ts";
import { parseDetachKeys } from "./values/detach-keys.ts";

/**
 * `husk start -a`: starts a container and takes part in its output, all that it writes from now on, and with `-i` in
 * its input.
 *
 * @returns the program's exit status
 */
export async function attachFromStart(
  home: Home,
  id: string,
  given: CommandArguments,
  start: () => Promise<void>,
): Promise<number> {
  const { record, paths } = readTarget(home, id);
  const input = given.on("interactive") && record.options.interactive === true;
  if (input && record.options.tty === true && !isTerminal(0))
    throw new HuskError("invalid", "the input device is not a TTY", {
      hint: "the container has a terminal: leave out -i, or start it from one",
    });
  const detachKeys = parseDetachKeys("detach-keys", given.text("detach-keys") ?? "");
  const from = endOfLog(paths.folder) ?? "start";
  await start();
  const attachment = await attach(home, id, { input, from, justStarted: true });
  return beAttached(home, attachment, { input: input && attachment.takesInput, detachKeys, sigProxy: true });
}
