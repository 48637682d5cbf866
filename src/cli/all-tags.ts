import { parseReference, type Reference } from "../image/index.ts";
import { HuskError } from "../platform/error.ts";

/**
 * A repository's name for `--all-tags`.
 *
 * @throws HuskError "invalid" for a name with a tag or digest, in docker's words
 */
export function repositoryAlone(text: string): Reference {
  const reference = parseReference(text);
  if (text.includes("@") || text.lastIndexOf(":") > text.lastIndexOf("/"))
    throw new HuskError("invalid", `${text}: tag can't be used with --all-tags/-a`, {
      hint: "name the repository alone",
    });
  return reference;
}
