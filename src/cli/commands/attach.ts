import { attach as attachTo } from "../../engine/attach/attach.ts";
import { findId } from "../../engine/container/find.ts";
import { beAttached } from "../attach-streams.ts";
import { readArguments } from "../command-arguments.ts";
import { CONTAINER_FLAGS } from "../flags/container.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { HuskError } from "../../platform/error.ts";
import { isTerminal } from "../terminal.ts";
import { parseDetachKeys } from "../values/detach-keys.ts";
import { printHelp } from "../print-help.ts";

/** `husk attach`: input and output of a running container. The exit status is the program's. */
export async function attach(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const shape = { name: "attach", flags: CONTAINER_FLAGS.attach, least: 1, most: 1 };
  const given = readArguments(shape, argv, from, globals);
  if (given === undefined) return printHelp(["attach"]);
  const wantsInput = !given.on("no-stdin");
  const detachKeys = parseDetachKeys("detach-keys", given.text("detach-keys") ?? "");
  const home = homeOf(globals);
  const id = findId(home.folders, given.words[0] as string);
  const attachment = await attachTo(home, id, { input: wantsInput });
  const input = wantsInput && attachment.takesInput;
  if (input && attachment.tty && !isTerminal(0)) {
    attachment.close();
    throw new HuskError("invalid", "the input device is not a TTY", {
      hint: "the container has a terminal: attach from one, or with --no-stdin",
    });
  }
  return beAttached(home, attachment, { input, detachKeys, sigProxy: given.text("sig-proxy") !== "false" });
}
