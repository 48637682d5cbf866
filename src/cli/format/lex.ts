import { templateError } from "./template-error.ts";

/** A piece of a template's action, or of the text between actions. */
export interface Token {
  readonly kind:
    | "text"
    | "open"
    | "close"
    | "word"
    | "field"
    | "variable"
    | "text-literal"
    | "number"
    | "mark";
  /** As it stands; of a text literal: what it means. */
  readonly text: string;
  /** Where it begins in the template, and where it ends. */
  readonly at: number;
  readonly end: number;
  /** White space stands before it: `.A .B` is not `.A.B`. */
  readonly spaced: boolean;
}

const OPEN = "{{";
const CLOSE = "}}";

/**
 * Cuts a Go template (pkg.go.dev/text/template) into tokens: `{{-` and `-}}` have trimmed the text around them, and
 * comments are gone.
 *
 * @throws HuskError "invalid"
 */
export function lex(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trims = false;
  while (at < source.length) {
    const open = source.indexOf(OPEN, at);
    const end = open < 0 ? source.length : open;
    let text = source.slice(at, end);
    if (trims) text = text.trimStart();
    const trimsBefore = open >= 0 && isTrim(source, open + 2);
    if (trimsBefore) text = text.trimEnd();
    if (text !== "") tokens.push({ kind: "text", text, at, end, spaced: false });
    if (open < 0) break;
    const inside = open + (trimsBefore ? 4 : 2);
    const close = source.startsWith("/*", inside)
      ? afterComment(source, inside)
      : lexAction(source, open, inside, tokens);
    trims = close.trims;
    at = close.at;
  }
  return tokens;
}

/** `- ` with a white space: `{{-3}}` is a number. */
function isTrim(source: string, at: number): boolean {
  return source[at] === "-" && /\s/.test(source[at + 1] ?? "");
}

interface Close {
  readonly at: number;
  readonly trims: boolean;
}

function closeAt(source: string, at: number): Close | undefined {
  if (source.startsWith(CLOSE, at)) return { at: at + 2, trims: false };
  if (/\s/.test(source[at] ?? "") && source.startsWith(`-${CLOSE}`, at + 1))
    return { at: at + 4, trims: true };
  return undefined;
}

function afterComment(source: string, at: number): Close {
  const end = source.indexOf("*/", at);
  if (end < 0) throw templateError(source, at, "unclosed comment");
  const close = closeAt(source, end + 2);
  if (close === undefined) throw templateError(source, end, "comment ends before closing delimiter");
  return close;
}

const patterns: readonly (readonly [Token["kind"], RegExp])[] = [
  ["text-literal", /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  [
    "number",
    /[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|'(?:[^'\\\n]|\\.[^']*)'/y,
  ],
  ["field", /\.[\p{L}_][\p{L}\p{N}_]*/uy],
  ["variable", /\$[\p{L}\p{N}_]*/uy],
  ["word", /[\p{L}_][\p{L}\p{N}_]*/uy],
  ["mark", /:=|[.|=,()]/y],
];

function lexAction(source: string, open: number, from: number, tokens: Token[]): Close {
  tokens.push({ kind: "open", text: OPEN, at: open, end: from, spaced: false });
  let at = from;
  for (;;) {
    const close = closeAt(source, at);
    if (close !== undefined) {
      tokens.push({ kind: "close", text: CLOSE, at, end: close.at, spaced: true });
      return close;
    }
    if (at >= source.length) throw templateError(source, open, "unclosed action");
    if (/\s/.test(source[at] as string)) {
      at++;
      continue;
    }
    const token = match(source, at, /\s/.test(source[at - 1] ?? ""));
    tokens.push(token.kind === "text-literal" ? { ...token, text: unquote(source, token) } : token);
    at = token.end;
  }
}

function match(source: string, at: number, spaced: boolean): Token {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text !== undefined) return { kind, text, at, end: at + text.length, spaced };
  }
  const character = source[at] as string;
  const why =
    character === '"' || character === "`"
      ? "unterminated quoted string"
      : `unexpected "${character}" in operand`;
  throw templateError(source, at, why);
}

const escapes: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function unquote(source: string, { text, at }: Token): string {
  const inside = text.slice(1, -1);
  if (text.startsWith("`")) return inside;
  return unescape(inside, () => templateError(source, at, `malformed string ${text}`));
}

/** Go's escapes in strings and characters (go.dev/ref/spec, "Rune literals"). */
export function unescape(text: string, malformed: () => Error): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/gs,
    (_whole, two?: string, four?: string, eight?: string, octal?: string, one?: string) => {
      const hex = two ?? four ?? eight;
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      if (one === "\\" || one === '"' || one === "'") return one;
      const meant = escapes[one as string];
      if (meant === undefined) throw malformed();
      return meant;
    },
  );
}
