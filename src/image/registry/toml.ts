import { HuskError } from "../../platform/error.ts";

export type TomlValue = string | number | boolean | TomlTable | TomlValue[];
export interface TomlTable {
  [key: string]: TomlValue;
}

/**
 * Reads the part of TOML that containers-registries.conf(5) uses: tables, arrays of tables, strings, numbers, truth
 * values, arrays and inline tables.
 *
 * @throws HuskError "invalid" naming the line
 */
export function parseToml(text: string, file: string): TomlTable {
  const reader = new TomlReader(text, file);
  return reader.document();
}

class TomlReader {
  readonly #text: string;
  readonly #file: string;
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  document(): TomlTable {
    const root: TomlTable = Object.create(null);
    let table = root;
    for (;;) {
      this.#blank(true);
      if (this.#at >= this.#text.length) return root;
      if (this.#takes("[[")) {
        const keys = this.#key();
        this.#expect("]]");
        table = this.#append(root, keys);
      } else if (this.#takes("[")) {
        const keys = this.#key();
        this.#expect("]");
        table = this.#descend(root, keys);
      } else this.#pair(table);
      this.#blank(false);
      if (this.#at < this.#text.length && this.#text[this.#at] !== "\n")
        throw this.#error("text after a value");
    }
  }

  #pair(table: TomlTable): void {
    const keys = this.#key();
    this.#expect("=");
    this.#blank(false);
    const last = keys.pop() as string;
    const into = this.#descend(table, keys);
    if (last in into) throw this.#error(`${last} for the second time`);
    into[last] = this.#value();
  }

  #key(): string[] {
    const keys: string[] = [];
    do {
      this.#blank(false);
      const bare = /[A-Za-z0-9_-]+/y;
      bare.lastIndex = this.#at;
      const match = bare.exec(this.#text);
      if (match !== null) {
        keys.push(match[0]);
        this.#at = bare.lastIndex;
      } else keys.push(this.#string());
      this.#blank(false);
    } while (this.#takes("."));
    return keys;
  }

  #value(): TomlValue {
    const next = this.#text[this.#at];
    if (next === '"' || next === "'") return this.#string();
    if (this.#takes("[")) {
      const items: TomlValue[] = [];
      for (;;) {
        this.#blank(true);
        if (this.#takes("]")) return items;
        items.push(this.#value());
        this.#blank(true);
        if (!this.#takes(",") && this.#text[this.#at] !== "]") throw this.#error("a list that does not end");
      }
    }
    if (this.#takes("{")) {
      const table: TomlTable = Object.create(null);
      for (;;) {
        this.#blank(false);
        if (this.#takes("}")) return table;
        this.#pair(table);
        this.#blank(false);
        if (!this.#takes(",") && this.#text[this.#at] !== "}") throw this.#error("a table that does not end");
      }
    }
    const word = /[A-Za-z0-9_+.:-]+/y;
    word.lastIndex = this.#at;
    const [found = ""] = word.exec(this.#text) ?? [];
    this.#at += found.length;
    if (found === "true") return true;
    if (found === "false") return false;
    const number = Number(found.replaceAll("_", ""));
    if (found === "" || Number.isNaN(number)) throw this.#error("no value");
    return number;
  }

  #string(): string {
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") throw this.#error("no key or text");
    if (this.#text.startsWith(quote.repeat(3), this.#at)) throw this.#error("text of several lines");
    const end = quote === "'" ? this.#text.indexOf("'", this.#at + 1) : this.#endOfString();
    const raw = this.#text.slice(this.#at, end + 1);
    if (end < 0 || raw.includes("\n")) throw this.#error("text that does not end");
    this.#at = end + 1;
    if (quote === "'") return raw.slice(1, -1);
    try {
      return JSON.parse(raw) as string;
    } catch {
      throw this.#error("text with an unknown escape");
    }
  }

  #endOfString(): number {
    for (let i = this.#at + 1; i < this.#text.length; i++) {
      if (this.#text[i] === "\\") i++;
      else if (this.#text[i] === '"') return i;
    }
    return -1;
  }

  #descend(table: TomlTable, keys: readonly string[]): TomlTable {
    let here = table;
    for (const key of keys) {
      let next = (here[key] ??= Object.create(null) as TomlTable);
      if (Array.isArray(next)) next = next.at(-1) as TomlValue;
      if (typeof next !== "object" || Array.isArray(next)) throw this.#error(`${key} is no table`);
      here = next;
    }
    return here;
  }

  #append(root: TomlTable, keys: string[]): TomlTable {
    const last = keys.pop() as string;
    const into = this.#descend(root, keys);
    const list = (into[last] ??= []);
    if (!Array.isArray(list)) throw this.#error(`${last} is no list of tables`);
    const table: TomlTable = Object.create(null);
    list.push(table);
    return table;
  }

  /** Passes over spaces, with `lines` also over line ends and comments in between. */
  #blank(lines: boolean): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at] as string;
      if (character === "#") {
        const end = this.#text.indexOf("\n", this.#at);
        this.#at = (end < 0 ? this.#text.length : end) - 1;
      } else if (
        character !== " " &&
        character !== "\t" &&
        character !== "\r" &&
        !(lines && character === "\n")
      )
        return;
    }
  }

  #takes(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #expect(text: string): void {
    this.#blank(false);
    if (!this.#takes(text)) throw this.#error(`no ${text}`);
  }

  #error(why: string): HuskError {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    return new HuskError("invalid", `${this.#file}, line ${line}: ${why}`, {
      hint: "see containers-registries.conf(5) for what belongs there",
    });
  }
}
