/** One flag of a table. */
export interface Flag {
  /** One letter without its dash, or "". */
  readonly letter: string;
  readonly name: string;
  /** The kind of value, "" for a switch. */
  readonly type: string;
  /** The value may be left out; it stands behind `=`. */
  readonly optional: boolean;
  /** What completion offers: `a|b`, `file`, `dir`, `@name`, or "". */
  readonly values: string;
}

/** The flags of a table, without the hidden ones. */
export function readFlags(table: string): Flag[] {
  return table
    .trim()
    .split("\n")
    .filter((line) => line !== "" && !line.endsWith("@hidden"))
    .map((line) => {
      const words = line.split(" ");
      const letter = line.startsWith("--") ? "" : (words.shift() as string).slice(1);
      const [name = "", type = "", values = ""] = words;
      const optional = type.startsWith("[");
      return { letter, name: name.slice(2), type: type.replace(/^\[+|\]+$/g, ""), optional, values };
    });
}
