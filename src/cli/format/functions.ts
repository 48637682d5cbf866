import { json, NO_VALUE, print, truth, typeName } from "./print.ts";
import { quote, sprintf } from "./printf.ts";

/** A function of the template language; throws an Error whose message says what is wrong with its arguments. */
export type TemplateFunction = (...values: unknown[]) => unknown;

/** A function was given too many or too few arguments. */
export class WrongCount extends Error {}

/** Go's functions (pkg.go.dev/text/template, "Functions"), and docker's. `and` and `or` are the evaluator's. */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>(
  Object.entries({
    not: one((value) => !truth(value)),
    len: one(length),
    index,
    slice,
    print: (...values: unknown[]) => sprint(values),
    println: (...values: unknown[]) => `${values.map((value) => print(value)).join(" ")}\n`,
    printf: (format: unknown, ...values: unknown[]) => sprintf(text(format), values),
    html: (...values: unknown[]) => escapeHtml(sprint(values)),
    js: (...values: unknown[]) =>
      quote(sprint(values))
        .slice(1, -1)
        .replace(/['<>&=]/g, jsEscape),
    urlquery: (...values: unknown[]) =>
      encodeURIComponent(sprint(values))
        .replace(/[!'()*]/g, percent)
        .replaceAll("%20", "+"),
    eq: (first: unknown, ...others: unknown[]) => {
      if (others.length === 0) throw new Error("missing argument for comparison");
      return others.map((other) => isEqual(first, other)).includes(true);
    },
    ne: two((a, b) => !isEqual(a, b)),
    lt: two((a, b) => isLess(a, b)),
    le: two((a, b) => isLess(a, b) || isEqual(a, b)),
    gt: two((a, b) => !isLess(a, b) && !isEqual(a, b)),
    ge: two((a, b) => !isLess(a, b)),
    json: one(json),
    split: two((value, separator) => text(value).split(text(separator))),
    join: two(join),
    title: one((value) => text(value).replace(/(?<![\p{L}\p{N}_])\p{L}/gu, (letter) => letter.toUpperCase())),
    lower: one((value) => text(value).toLowerCase()),
    upper: one((value) => text(value).toUpperCase()),
    pad: (value: unknown, before: unknown, after: unknown) =>
      text(value) === "" ? "" : " ".repeat(whole(before)) + text(value) + " ".repeat(whole(after)),
    truncate: two((value, most) => text(value).slice(0, whole(most))),
  }),
);

/** Docker's functions over the titles of a table, which they leave alone. */
export const TITLE_FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map([
  ...FUNCTIONS,
  ...["json", "title", "lower", "upper", "truncate", "split", "join"].map(
    (name): [string, TemplateFunction] => [name, (value) => value],
  ),
]);

function one(take: (value: unknown) => unknown): TemplateFunction {
  return (...values) => take(counted(values, 1)[0]);
}

function two(take: (a: unknown, b: unknown) => unknown): TemplateFunction {
  return (...values) => take(counted(values, 2)[0], values[1]);
}

function counted(values: readonly unknown[], count: number): readonly unknown[] {
  if (values.length === count) return values;
  throw new WrongCount(`wrong number of args: want ${count} got ${values.length}`);
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw new Error(`wrong type for value; expected string; got ${typeName(value)}`);
}

function whole(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw new Error(`wrong type for value; expected int; got ${typeName(value)}`);
}

/** fmt.Sprint: a space between neighbours of which neither is a string. */
function sprint(values: readonly unknown[]): string {
  let whole = "";
  for (const [i, value] of values.entries()) {
    if (i > 0 && typeof value !== "string" && typeof values[i - 1] !== "string") whole += " ";
    whole += print(value);
  }
  return whole;
}

function length(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === "object" && value !== null) return Object.keys(value).length;
  throw new Error(
    value === null || value === undefined ? "len of nil pointer" : `len of type ${typeName(value)}`,
  );
}

function index(value: unknown, ...keys: unknown[]): unknown {
  let found = value;
  for (const key of keys) {
    if (found === null || found === undefined) throw new Error("index of nil pointer");
    if (Array.isArray(found) || typeof found === "string") {
      const items = typeof found === "string" ? Buffer.from(found) : found;
      if (typeof key !== "number") throw new Error(`cannot index slice/array with type ${typeName(key)}`);
      if (!(key in items)) throw new Error(`index out of range: ${key}`);
      found = items[key];
    } else if (typeof found === "object") {
      if (typeof key !== "string") throw new Error(`value has type ${typeName(key)}; should be string`);
      found = Object.hasOwn(found, key) ? (found as Record<string, unknown>)[key] : zeroOf(found);
    } else throw new Error(`can't index item of type ${typeName(found)}`);
  }
  return found;
}

/** The empty value of what a map holds, as far as its values tell: labels are texts, ports lists. */
function zeroOf(map: object): unknown {
  const values = Object.values(map);
  if (values.every((value) => typeof value === "string")) return "";
  return values.every((value) => Array.isArray(value) || value === null) ? [] : NO_VALUE;
}

function slice(value: unknown, from: unknown = 0, to?: unknown): unknown {
  if (typeof value !== "string" && !Array.isArray(value))
    throw new Error(`can't slice item of type ${typeName(value)}`);
  const end = to === undefined ? value.length : whole(to);
  if (whole(from) > end || end > value.length) throw new Error(`index out of range: ${end}`);
  return value.slice(whole(from), end);
}

function join(value: unknown, separator: unknown): string {
  if (value === null || value === undefined) return "";
  if (!Array.isArray(value))
    throw new Error(`wrong type for value; expected []string; got ${typeName(value)}`);
  return value.map((item) => print(item)).join(text(separator));
}

function isBasic(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

function isEqual(a: unknown, b: unknown): boolean {
  if (!isBasic(a) || !isBasic(b)) throw new Error("non-comparable type");
  const [left, right] = [a ?? null, b ?? null];
  if (left !== null && right !== null && typeof left !== typeof right)
    throw new Error("incompatible types for comparison");
  return left === right;
}

function isLess(a: unknown, b: unknown): boolean {
  if (typeof a !== typeof b || (typeof a !== "number" && typeof a !== "string"))
    throw new Error(
      typeof a === typeof b ? "invalid type for comparison" : "incompatible types for comparison",
    );
  return (a as number) < (b as number);
}

function escapeHtml(value: string): string {
  const names: Readonly<Record<string, string>> = {
    "<": "&lt;",
    ">": "&gt;",
    "&": "&amp;",
    '"': "&#34;",
    "'": "&#39;",
  };
  return value.replace(/[<>&"']/g, (one) => names[one] as string);
}

function jsEscape(one: string): string {
  return one === "'" ? "\\'" : `\\u${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function percent(one: string): string {
  return `%${one.charCodeAt(0).toString(16).toUpperCase()}`;
}
