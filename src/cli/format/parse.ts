import { lex, type Token, unescape } from "./lex.ts";
import type { Command, Node, Operand, Pipeline, Syntax } from "./syntax.ts";
import { templateError } from "./template-error.ts";

/**
 * Parses a Go template (pkg.go.dev/text/template).
 *
 * @param isFunction whether there is a function of this name
 * @throws HuskError "invalid"
 */
export function parse(source: string, isFunction: (name: string) => boolean): Syntax {
  const parser = new Parser(source, isFunction);
  const body = parser.list([]).nodes;
  return { source, body, templates: parser.templates };
}

type End = "end" | "else";

/** Walks over the tokens; it lives as long as a template is parsed. */
class Parser {
  readonly templates = new Map<string, readonly Node[]>();
  readonly #source: string;
  readonly #isFunction: (name: string) => boolean;
  readonly #tokens: readonly Token[];
  #next = 0;
  #variables: string[] = ["$"];
  #ranges = 0;

  constructor(source: string, isFunction: (name: string) => boolean) {
    this.#source = source;
    this.#isFunction = isFunction;
    this.#tokens = lex(source);
  }

  /** Nodes up to `{{end}}` or `{{else}}` where one is due, else up to the template's end. */
  list(ends: readonly End[]): { nodes: Node[]; end: End | undefined } {
    const nodes: Node[] = [];
    for (;;) {
      const token = this.#tokens[this.#next];
      if (token === undefined) {
        if (ends.length > 0) throw this.#error("unexpected EOF");
        return { nodes, end: undefined };
      }
      this.#next++;
      if (token.kind === "text") {
        nodes.push({ kind: "text", text: token.text });
        continue;
      }
      const word = this.#peek();
      const keyword = word?.kind === "word" ? word.text : "";
      if (keyword === "end" || keyword === "else") {
        if (!ends.includes(keyword)) throw this.#error(`unexpected {{${keyword}}}`);
        this.#next++;
        if (keyword === "end") this.#close("end");
        return { nodes, end: keyword };
      }
      const node = this.#action(keyword);
      if (node !== undefined) nodes.push(node);
    }
  }

  #action(keyword: string): Node | undefined {
    switch (keyword) {
      case "if":
      case "with":
      case "range":
        this.#next++;
        return this.#branch(keyword);
      case "break":
      case "continue":
        this.#next++;
        if (this.#ranges === 0) throw this.#error(`{{${keyword}}} outside {{range}}`);
        this.#close(keyword);
        return { kind: keyword };
      case "define":
      case "block":
      case "template":
        this.#next++;
        return this.#named(keyword);
      default: {
        const pipeline = this.#pipeline("command");
        this.#close("command");
        return { kind: "action", pipeline };
      }
    }
  }

  #branch(kind: "if" | "with" | "range"): Node {
    const known = this.#variables.length;
    const pipeline = this.#pipeline(kind);
    this.#close(kind);
    if (kind === "range") this.#ranges++;
    const { nodes: body, end } = this.list(["end", "else"]);
    if (kind === "range") this.#ranges--;
    let otherwise: Node[] = [];
    if (end === "else") {
      const word = this.#peek();
      if (word?.kind === "word" && word.text === kind && kind !== "range") {
        // {{else if …}} is an {{if}} in the else part, with one {{end}} for both.
        this.#next++;
        otherwise = [this.#branch(kind)];
      } else {
        this.#close("else");
        otherwise = this.list(["end"]).nodes;
      }
    }
    this.#variables.length = known;
    return { kind, pipeline, body, otherwise };
  }

  #named(kind: "define" | "block" | "template"): Node | undefined {
    const token = this.#take(kind);
    if (token.kind !== "text-literal") throw this.#error(`unexpected "${token.text}" in ${kind} clause`);
    const name = token.text;
    const hasPipeline = kind !== "define" && this.#peek()?.kind !== "close";
    const pipeline = hasPipeline ? this.#pipeline(kind) : undefined;
    this.#close(kind);
    if (kind !== "template") {
      const outside = this.#variables;
      this.#variables = ["$"];
      this.templates.set(name, this.list(["end"]).nodes);
      this.#variables = outside;
    }
    return kind === "define" ? undefined : { kind: "template", name, pipeline, at: token.at };
  }

  #pipeline(context: string): Pipeline {
    const { variables, assigns } = this.#declarations(context);
    const commands: Command[] = [];
    for (;;) {
      const at = this.#peek()?.at ?? 0;
      const operands = this.#operands(context);
      const first = operands[0];
      if (first === undefined) throw this.#error(`missing value for ${context}`);
      if (commands.length > 0 && (first.kind === "literal" || first.kind === "dot" || first.kind === "nil"))
        throw this.#error(`non executable command in pipeline stage ${commands.length + 1}`);
      if (first.kind === "nil" && operands.length === 1 && commands.length === 0)
        throw this.#error("nil is not a command");
      const text = this.#source.slice(at, this.#tokens[this.#next - 1]?.end);
      commands.push({ operands, at, text });
      if (!this.#skip("|")) break;
    }
    // A variable is known after its own declaration.
    if (!assigns) this.#variables.push(...variables);
    return { variables, assigns, commands };
  }

  #declarations(context: string): { variables: string[]; assigns: boolean } {
    const start = this.#next;
    const variables: string[] = [];
    while (this.#peek()?.kind === "variable") {
      variables.push(this.#take(context).text);
      if (variables.length === 1 && context === "range" && this.#skip(",")) continue;
      if (this.#skip(":=")) return { variables, assigns: false };
      if (this.#skip("=")) {
        for (const name of variables) this.#checkVariable(name);
        return { variables, assigns: true };
      }
      break;
    }
    this.#next = start;
    return { variables: [], assigns: false };
  }

  #operands(context: string): Operand[] {
    const operands: Operand[] = [];
    for (;;) {
      const token = this.#peek();
      if (token === undefined || token.kind === "close") return operands;
      if (token.kind === "mark" && (token.text === "|" || token.text === ")")) return operands;
      if (operands.length > 0 && !token.spaced) throw this.#error(`unexpected "${token.text}" in ${context}`);
      operands.push(this.#operand(context));
    }
  }

  #operand(context: string): Operand {
    const token = this.#take(context);
    const { at } = token;
    switch (token.kind) {
      case "text-literal":
        return this.#plain({ kind: "literal", value: token.text, at, text: JSON.stringify(token.text) });
      case "number":
        return this.#plain({ kind: "literal", value: this.#number(token), at, text: token.text });
      case "field":
        return { kind: "field", ...this.#path(token, [token.text.slice(1)]) };
      case "variable":
        this.#checkVariable(token.text);
        return { kind: "variable", name: token.text, ...this.#path(token, []) };
      case "word":
        return this.#plain(this.#word(token));
      default:
    }
    if (token.text === ".") return this.#plain({ kind: "dot", at, text: "." });
    if (token.text !== "(") throw this.#error(`unexpected "${token.text}" in ${context}`);
    const pipeline = this.#pipeline("parenthesized pipeline");
    if (!this.#skip(")")) throw this.#error("unclosed left paren");
    return { kind: "pipeline", pipeline, ...this.#path(token, []) };
  }

  #word({ text, at }: Token): Operand {
    if (text === "true" || text === "false") return { kind: "literal", value: text === "true", at, text };
    if (text === "nil") return { kind: "nil", at, text };
    if (!this.#isFunction(text)) throw this.#error(`function "${text}" not defined`);
    return { kind: "function", name: text, at, text };
  }

  /** Literals have no fields. */
  #plain(operand: Operand): Operand {
    const token = this.#peek();
    if (token?.kind === "field" && !token.spaced)
      throw this.#error(`unexpected . after term "${operand.text}"`);
    return operand;
  }

  /** The fields that follow without a space. The place of a path is its second part, as in Go's errors. */
  #path(first: Token, path: string[]): { at: number; text: string; path: readonly string[] } {
    let at: number | undefined;
    for (let token = this.#peek(); token?.kind === "field" && !token.spaced; token = this.#peek()) {
      path.push(token.text.slice(1));
      at ??= token.at;
      this.#next++;
    }
    const end = this.#tokens[this.#next - 1]?.end;
    return { at: at ?? first.at, text: this.#source.slice(first.at, end), path };
  }

  #number({ text }: Token): number {
    if (text.startsWith("'")) {
      const characters = [
        ...unescape(text.slice(1, -1), () => this.#error(`malformed character constant: ${text}`)),
      ];
      if (characters.length === 1) return (characters[0] as string).codePointAt(0) as number;
    } else {
      const negative = text.startsWith("-");
      const digits = text.replace(/^[+-]/, "").replaceAll("_", "");
      const octal = /^0[0-7]+$/.test(digits);
      const value = octal ? Number.parseInt(digits, 8) : Number(digits);
      if (!Number.isNaN(value)) return negative ? -value : value;
    }
    throw this.#error(`bad number syntax: "${text}"`);
  }

  #checkVariable(name: string): void {
    if (!this.#variables.includes(name)) throw this.#error(`undefined variable "${name}"`);
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  #take(context: string): Token {
    const token = this.#tokens[this.#next++];
    if (token === undefined || token.kind === "close") throw this.#error(`missing value for ${context}`);
    return token;
  }

  #skip(mark: string): boolean {
    const token = this.#peek();
    if (token?.kind !== "mark" || token.text !== mark) return false;
    this.#next++;
    return true;
  }

  #close(context: string): void {
    const token = this.#peek();
    if (token?.kind !== "close") throw this.#error(`unexpected "${token?.text ?? "EOF"}" in ${context}`);
    this.#next++;
  }

  #error(why: string): Error {
    return templateError(this.#source, this.#tokens[Math.max(this.#next - 1, 0)]?.at ?? 0, why);
  }
}
