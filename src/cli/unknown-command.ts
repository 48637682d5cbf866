import { HuskError } from "../platform/error.ts";
import { nearest } from "../platform/nearest.ts";
import { COMMANDS, LATER_COMMANDS } from "./command-names.ts";

/** The error for a command that is none, or one of docker's that husk does not have yet. */
export function unknownCommand(name: string): HuskError {
  const known = COMMANDS.map(([command]) => command);
  if (LATER_COMMANDS.split(" ").includes(name)) {
    return new HuskError("unsupported", `${name}: not in this version`, {
      hint: `there are ${known.join(", ")}`,
    });
  }
  return unknownAmong("husk", name, known);
}

/** The error for a word that is none of a family's commands, such as `husk volume NAME`. */
export function unknownAmong(family: string, name: string, known: readonly string[]): HuskError {
  const near = nearest(name, known);
  return new HuskError("invalid", `unknown command: ${family} ${name}`, {
    hint: `${near === undefined ? "" : `did you mean ${family} ${near}? `}see '${family} --help'`,
  });
}
