/** Shorter ids could be parts of other words. */
const SHORTEST = 12;

/**
 * Writes `$ID` for the container's id wherever the shell would replace it: not between single quotes, and not where
 * it is set.
 */
export function idAsVariable(script: string, id: string): string {
  if (id.length < SHORTEST || !/^[\w.-]+$/.test(id)) return script;
  let out = "";
  let quoted = false;
  let comment = false;
  for (let at = 0; at < script.length; at++) {
    const letter = script[at] as string;
    if (letter === "\n") comment = false;
    else if (letter === "#" && !quoted && /\s/.test(script[at - 1] ?? "\n")) comment = true;
    else if (letter === "'" && !comment && script[at - 1] !== "\\") quoted = !quoted;
    if (!quoted && script.startsWith(id, at) && !script.endsWith("\nID=", at)) {
      out += /\w/.test(script[at + id.length] ?? "") ? "${ID}" : "$ID";
      at += id.length - 1;
    } else out += letter;
  }
  return out;
}
