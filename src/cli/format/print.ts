import { entriesOf, isNil, nullOf, shapeOf } from "./shape.ts";

/** What a map has under a key it does not have. */
export const NO_VALUE: unique symbol = Symbol("<no value>");

/** A value as an action shows it. */
export function show(value: unknown): string {
  return value === NO_VALUE || value === null || value === undefined ? "<no value>" : print(value);
}

/** A value as Go's fmt prints it with %v. */
export function print(value: unknown, plus = false): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return printNumber(value);
    case "object":
      break;
    case "undefined":
    case "symbol":
      return "<nil>";
    default:
      return String(value);
  }
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return `[${value.map((item) => print(item, plus)).join(" ")}]`;
  const shape = shapeOf(value);
  const parts = entriesOf(value).map(([key, inner]) => {
    if (shape === undefined) return `${key}:${print(inner, plus)}`;
    const text = print(inner === null ? nullOf(key) : inner, plus);
    return plus ? `${key}:${text}` : text;
  });
  return shape === undefined ? `map[${parts.join(" ")}]` : `{${parts.join(" ")}}`;
}

/** Whole numbers are Go's integers; others are printed with %g, whose exponent has two digits. */
export function printNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 64) return `${BigInt(value)}`;
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-4 || size >= 1e21) ? value.toExponential() : `${value}`;
  return text.replace(/e([+-])([0-9])$/, "e$10$2");
}

/**
 * JSON in Go's order: of structs as they stand, of maps by key. `<`, `>` and `&` stay as they are, but for lines of a
 * list, where docker writes them as escapes.
 */
export function json(value: unknown): string {
  if (value === null || value === undefined || typeof value === "symbol" || isNil(value)) return "null";
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(json).join(",")}]`;
  const parts: string[] = [];
  for (const [key, inner] of entriesOf(value))
    if (typeof inner !== "function" && inner !== undefined)
      parts.push(`${JSON.stringify(key)}:${json(inner)}`);
  const text = `{${parts.join(",")}}`;
  if (shapeOf(value)?.kind !== "row") return text;
  return text.replace(/[<>&]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`);
}

/** Whether `if`, `and`, `or` and `not` take it for true: not nil, false, 0, nor empty; structs always are. */
export function truth(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value !== NO_VALUE && Boolean(value);
  if (Array.isArray(value)) return value.length > 0;
  return shapeOf(value) !== undefined || Object.keys(value).length > 0;
}

/** The name of a value's type in errors. */
export function typeName(value: unknown): string {
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
      return Number.isInteger(value) ? "int" : "float64";
    case "boolean":
      return "bool";
    case "object":
      break;
    default:
      return "<nil>";
  }
  if (value === null) return "<nil>";
  if (Array.isArray(value))
    return value.every((item) => typeof item === "string") ? "[]string" : "[]interface {}";
  return shapeOf(value)?.type ?? "map[string]interface {}";
}
