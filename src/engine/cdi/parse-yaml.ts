import { parse, type ScalarTag } from "yaml";

/** `fileMode: 0660` is octal to those who write such files: Go's YAML reads it as YAML 1.1 does. */
const octal: ScalarTag = {
  tag: "tag:yaml.org,2002:int",
  default: true,
  test: /^0[0-7]+$/,
  resolve: (text) => Number.parseInt(text, 8),
};

/**
 * Reads a YAML document into plain data.
 *
 * @throws Error with the line of a mistake
 */
export function parseYaml(text: string): unknown {
  return parse(text, {
    version: "1.2",
    uniqueKeys: true,
    customTags: (tags) => [octal, ...tags],
  });
}
