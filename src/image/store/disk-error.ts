import { HuskError } from "../../platform/error.ts";

/** A system error about the store, with what mends it; what is none, the reason of an abort perhaps, is left as it is. */
export function diskError(what: string, cause: unknown): Error {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (cause instanceof HuskError || typeof code !== "string") return cause as Error;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new HuskError("failed", `${what}: the disk is full`, {
      cause,
      hint: "make room, for instance with: husk image prune; what was downloaded is kept, so the next try goes on",
    });
  return new HuskError(code === "EACCES" || code === "EPERM" ? "denied" : "failed", `${what}: ${message}`, {
    cause,
  });
}
