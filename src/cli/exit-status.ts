import { exitStatus } from "../platform/exit-status.ts";
import { namedError } from "./system-error.ts";
import { NothingNamed, UsageError } from "./usage-error.ts";

/** Families of docker's commands under their long names: the second word is the command. */
const FAMILIES = ["container", "image", "volume", "system"];

/**
 * docker's commands, and husk's own that do things of that kind: 1 when what was asked for failed, 125 for wrong flags.
 * All others, `run` first, tell what failed: husk (125), or the program (126, 127).
 */
const DOCKERS =
  " apply attach commit cp create diff events export fork history images import info inspect kill load login logout logs " +
  "pause port ps pull push rename restart rm rmi save search start stats stop tag top unpause update version wait " +
  "bootstrap df list ls make prune remove reset unit ";

/**
 * The exit status of a command that failed, as docker's.
 *
 * @param words the command line, from the command on
 */
export function failureStatus(thrown: unknown, [name = "", second = ""]: readonly string[]): number {
  const error = namedError(thrown);
  if (error === undefined || error instanceof UsageError) return 125;
  if (error instanceof NothingNamed) return 1;
  const command = FAMILIES.includes(name) ? second : name;
  // docker exec: what cannot be executed is the program's matter, all else is not.
  if (command === "exec")
    return error.code === "cannot-execute" || error.code === "command-not-found" ? exitStatus(error.code) : 1;
  return DOCKERS.includes(` ${command} `) ? 1 : exitStatus(error.code);
}
