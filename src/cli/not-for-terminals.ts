import { HuskError } from "../platform/error.ts";

/** An archive would only upset a terminal. */
export function notForTerminals(command: string): HuskError {
  return new HuskError("invalid", `husk ${command} writes an archive, which is nothing for a terminal`, {
    hint: "name a file with -o FILE, or redirect the output",
  });
}
