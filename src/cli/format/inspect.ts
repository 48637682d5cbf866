import { asStructs } from "./shape.ts";
import { compileTemplate } from "./template.ts";

/**
 * What `inspect` prints of the things that were found: a JSON list, or a line of the template each.
 *
 * As docker, fields are looked for as in its own structures first, where a field that is not there is an error that
 * names it, while maps such as `.Config.Labels` answer `<no value>`.
 *
 * @param format a template, `json`, or empty for indented JSON
 * @param type for errors: `image`
 * @throws HuskError "invalid"
 */
export function formatInspected(things: readonly object[], format: string | undefined, type: string): string {
  if (format === undefined || format === "") return `${JSON.stringify(things, null, 4)}\n`;
  if (format === "json") return `${JSON.stringify(things)}\n`;
  const template = compileTemplate(format);
  return things.map((thing) => `${template.run(asStructs(thing, type))}\n`).join("");
}
