import { HuskError } from "../platform/error.ts";

/** Whether an error says that there is no such thing. */
export function isNotFound(error: unknown): boolean {
  return error instanceof HuskError && error.code === "not-found";
}
