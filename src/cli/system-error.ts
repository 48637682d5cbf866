import { HuskError } from "../platform/error.ts";

/** Answers of the system that say something of the machine, and not of husk. */
const ANSWERS =
  " EACCES EPERM ELOOP ENOTDIR EISDIR EROFS ENOSPC EDQUOT ENAMETOOLONG EMFILE ENFILE EIO ESTALE ";

/**
 * The error itself, or what the system refused of a file, for which nobody had better words.
 *
 * @returns undefined for a fault of husk's own
 */
export function namedError(error: unknown): HuskError | undefined {
  if (error instanceof HuskError) return error;
  if (!(error instanceof Error)) return undefined;
  const { code = "", syscall, path, message } = error as NodeJS.ErrnoException;
  if (path === undefined || !ANSWERS.includes(` ${code} `)) return undefined;
  // "EACCES: permission denied, open '/x'"
  const words = /^\w+: (.*?),/.exec(message)?.[1] ?? message;
  return new HuskError(
    code === "EACCES" || code === "EPERM" ? "denied" : "failed",
    `${path}: ${words} (${syscall}: ${code})`,
    { cause: error },
  );
}
