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
  const near = nearest(name, known);
  return new HuskError("invalid", `unknown command: husk ${name}`, {
    hint: near === undefined ? "see 'husk --help'" : `did you mean husk ${near}? see 'husk --help'`,
  });
}
