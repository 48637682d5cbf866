import type { ErrorCode } from "./error.ts";

/** The exit status of an error, as docker's: what failed was husk, or the program inside. */
export function exitStatus(code: ErrorCode): 125 | 126 | 127 {
  switch (code) {
    case "cannot-execute":
      return 126;
    case "command-not-found":
      return 127;
    default:
      return 125;
  }
}
