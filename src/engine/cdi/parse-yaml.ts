import { parse } from "yaml";

/**
 * Reads a YAML document into plain data.
 *
 * @throws Error with the line of a mistake
 */
export function parseYaml(text: string): unknown {
  return parse(text, { version: "1.2", uniqueKeys: true });
}
