import { HuskError } from "../platform/error.ts";
import { parseExactJson } from "../security/index.ts";

/**
 * Parses JSON. In a text with comparisons of a seccomp filter, integers that a double cannot hold become
 * bigints; elsewhere such numbers mean "a lot".
 *
 * @param file what errors call the text
 * @throws HuskError "invalid": `config.json:3:14: no JSON: expected a value, got "}"`
 */
export function parseJson(content: string, file: string): unknown {
  try {
    return content.includes("SCMP_CMP_") ? parseExactJson(content) : JSON.parse(content);
  } catch (cause) {
    const { line, column, problem } = jsonSyntaxError(content);
    throw new HuskError("invalid", `${file}:${line}:${column}: no JSON: ${problem}`, { cause });
  }
}

/** Where a text stops being JSON (RFC 8259). Line and column count from 1. */
interface JsonSyntaxError {
  line: number;
  column: number;
  problem: string;
}

/**
 * Finds the first mistake in a text that `JSON.parse` refused; engines differ in whether they name a
 * place at all. Reads without recursion, so that no depth of nesting exhausts the stack.
 */
function jsonSyntaxError(content: string): JsonSyntaxError {
  const scan = new Scan(content);
  const problem = scan.document() ?? "nested too deeply";
  const before = content.slice(0, scan.at);
  const line = before.split("\n").length;
  return { line, column: scan.at - before.lastIndexOf("\n"), problem };
}

/** Each method moves `at` and returns a problem, or nothing when what it reads is right. */
class Scan {
  at = 0;
  readonly #text: string;

  constructor(content: string) {
    this.#text = content;
  }

  document(): string | undefined {
    const open: ("{" | "[")[] = [];
    for (;;) {
      let problem = this.#space() ?? this.#opening(open);
      // What follows a finished value: commas and ends.
      while (problem === undefined && this.#finished) {
        this.#space();
        const inside = open.at(-1);
        if (inside === undefined)
          return this.at === this.#text.length ? undefined : this.#unexpected("the end");
        const next = this.#text[this.at];
        if (next === ",") {
          this.at++;
          problem = inside === "{" ? this.#name() : undefined;
          break;
        }
        const end = inside === "{" ? "}" : "]";
        if (next !== end) return this.#unexpected(`"," or "${end}"`);
        this.at++;
        open.pop();
      }
      if (problem !== undefined) return problem;
    }
  }

  /** Whether the last opening() read a whole value. */
  #finished = false;

  #opening(open: ("{" | "[")[]): string | undefined {
    this.#finished = true;
    const first = this.#text[this.at];
    if (first === '"') return this.#string();
    if (first === "{" || first === "[") {
      this.at++;
      this.#space();
      if (this.#text[this.at] === (first === "{" ? "}" : "]")) {
        this.at++;
        return undefined;
      }
      open.push(first);
      this.#finished = false;
      return first === "{" ? this.#name() : undefined;
    }
    const word = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
    word.lastIndex = this.at;
    const found = word.exec(this.#text);
    if (found === null) return this.#unexpected("a value");
    this.at += found[0].length;
    return undefined;
  }

  #name(): string | undefined {
    this.#space();
    if (this.#text[this.at] !== '"') return this.#unexpected("a field name in double quotes");
    const problem = this.#string();
    if (problem !== undefined) return problem;
    this.#space();
    if (this.#text[this.at] !== ":") return this.#unexpected('":"');
    this.at++;
    return undefined;
  }

  #string(): string | undefined {
    const start = this.at;
    for (this.at++; this.at < this.#text.length; this.at++) {
      const char = this.#text[this.at] as string;
      if (char === '"') {
        this.at++;
        return undefined;
      }
      if (char < " ") return "a line end or control character inside a string";
      if (char === "\\") {
        if (!/^\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/.test(this.#text.slice(this.at, this.at + 6))) {
          return "an unknown escape inside a string";
        }
        this.at++;
      }
    }
    this.at = start;
    return "a string that does not end";
  }

  #space(): undefined {
    while (this.at < this.#text.length && " \t\r\n".includes(this.#text[this.at] as string)) this.at++;
  }

  #unexpected(wanted: string): string {
    const got = this.#text[this.at];
    return `expected ${wanted}, got ${got === undefined ? "the end of the file" : JSON.stringify(got)}`;
  }
}
