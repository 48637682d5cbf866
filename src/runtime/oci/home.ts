import { readInRoot } from "../../platform/in-root.ts";
import type { Process } from "../config.ts";

const PASSWD_BYTES = 1024 * 1024;

/** Programs expect HOME: it is what the container's /etc/passwd says of the user, if the configuration says nothing. */
export function addHome(process: Process, root: string): void {
  for (const entry of process.env ?? []) if (entry.startsWith("HOME=")) return;
  let home = "/";
  try {
    const bytes = readInRoot({ root }, "/etc/passwd", PASSWD_BYTES);
    const lines = bytes === undefined ? [] : new TextDecoder().decode(bytes).split("\n");
    for (const line of lines) {
      const fields = line.split(":");
      if (fields[2] !== `${process.user.uid}`) continue;
      // A NUL cannot be in an environment: nobody in there shall keep others from entering.
      if (fields[5] && !fields[5].includes("\0")) home = fields[5];
      break;
    }
  } catch {
    // What cannot be read says nothing.
  }
  process.env = [...(process.env ?? []), `HOME=${home}`];
}
