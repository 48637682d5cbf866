import { UsageError } from "../usage-error.ts";

/**
 * Reads `--label NAME[=VALUE]…`; a later one counts.
 *
 * @throws HuskError "invalid" for a label without a name
 */
export function parseLabels(flag: string, texts: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const text of texts) {
    const equals = text.indexOf("=");
    const name = equals === -1 ? text : text.slice(0, equals);
    if (name.trim() === "")
      throw new UsageError(`invalid label '${text}' for --${flag}: empty name`, {
        hint: "NAME=VALUE, or NAME alone for an empty value",
      });
    labels[name] = equals === -1 ? "" : text.slice(equals + 1);
  }
  return labels;
}
