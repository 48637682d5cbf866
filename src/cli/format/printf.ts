import { print, printNumber, typeName } from "./print.ts";

const DIRECTIVE = /%([-+# 0]*)([0-9]+|\*)?(?:\.([0-9]+|\*)?)?([a-zA-Z%])?/gu;

/** Go's fmt.Sprintf (pkg.go.dev/fmt), with its notes about arguments that do not fit. */
export function sprintf(format: string, operands: readonly unknown[]): string {
  let next = 0;
  let hasMissed = false;
  const take = (): unknown => operands[next++];
  const text = format.replace(
    DIRECTIVE,
    (whole: string, flags: string, width?: string, precision?: string, verb?: string) => {
      if (verb === "%") return "%";
      if (verb === undefined) return "%!(NOVERB)";
      const columns = width === "*" ? Number(take()) : width === undefined ? undefined : Number(width);
      const hasPrecision = whole.includes(".");
      const digits = precision === "*" ? Number(take()) : Number(precision ?? 0);
      if (next >= operands.length) {
        hasMissed = true;
        return `%!${verb}(MISSING)`;
      }
      const value = take();
      const body = convert(verb, value, flags, hasPrecision ? digits : undefined);
      return pad(body, columns, flags, typeof value === "number");
    },
  );
  if (next >= operands.length || hasMissed) return text;
  const extra = operands.slice(next).map((value) => `${typeName(value)}=${print(value)}`);
  return `${text}%!(EXTRA ${extra.join(", ")})`;
}

function pad(text: string, columns: number | undefined, flags: string, isNumber: boolean): string {
  const missing = Math.abs(columns ?? 0) - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes("-") || (columns ?? 0) < 0) return text + " ".repeat(missing);
  if (!flags.includes("0") || !isNumber) return " ".repeat(missing) + text;
  const sign = /^[+-]/.exec(text)?.[0] ?? "";
  return sign + "0".repeat(missing) + text.slice(sign.length);
}

function convert(verb: string, value: unknown, flags: string, precision: number | undefined): string {
  if (verb === "v")
    return flags.includes("#") && typeof value === "string"
      ? quote(value)
      : print(value, flags.includes("+"));
  if (verb === "T") return typeName(value);
  if (Array.isArray(value))
    return `[${value.map((item) => convert(verb, item, flags, precision)).join(" ")}]`;
  if (typeof value === "string") return ofString(verb, value, flags, precision) ?? unfit(verb, value);
  if (typeof value === "number") return ofNumber(verb, value, flags, precision) ?? unfit(verb, value);
  if (typeof value === "boolean" && verb === "t") return `${value}`;
  return unfit(verb, value);
}

function unfit(verb: string, value: unknown): string {
  return value === null || value === undefined
    ? `%!${verb}(<nil>)`
    : `%!${verb}(${typeName(value)}=${print(value)})`;
}

function ofString(
  verb: string,
  value: string,
  flags: string,
  precision: number | undefined,
): string | undefined {
  const cut = precision === undefined ? value : [...value].slice(0, precision).join("");
  switch (verb) {
    case "s":
      return cut;
    case "q":
      return flags.includes("#") && !cut.includes("`") ? `\`${cut}\`` : quote(cut);
    case "x":
      return Buffer.from(cut).toString("hex");
    case "X":
      return Buffer.from(cut).toString("hex").toUpperCase();
    default:
      return undefined;
  }
}

function ofNumber(
  verb: string,
  value: number,
  flags: string,
  precision: number | undefined,
): string | undefined {
  const sign = flags.includes("+") && value >= 0 ? "+" : flags.includes(" ") && value >= 0 ? " " : "";
  const isWhole = Number.isInteger(value);
  const inBase = (base: number, prefix: string): string | undefined =>
    isWhole
      ? `${sign}${value < 0 ? "-" : ""}${flags.includes("#") ? prefix : ""}${Math.abs(value).toString(base)}`
      : undefined;
  switch (verb) {
    case "d":
      return isWhole ? sign + printNumber(value) : undefined;
    case "b":
      return inBase(2, "0b");
    case "o":
      return inBase(8, "0");
    case "x":
      return inBase(16, "0x");
    case "X":
      return inBase(16, "0X")?.toUpperCase();
    case "c":
      return isWhole ? String.fromCodePoint(value) : undefined;
    case "q":
      return isWhole ? `'${String.fromCodePoint(value)}'` : undefined;
    case "U":
      return isWhole ? `U+${value.toString(16).toUpperCase().padStart(4, "0")}` : undefined;
    case "f":
    case "F":
      return sign + value.toFixed(precision ?? 6);
    case "e":
      return sign + value.toExponential(precision ?? 6).replace(/e([+-])([0-9])$/, "e$10$2");
    case "g":
      return (
        sign +
        (precision === undefined
          ? printNumber(value)
          : printNumber(Number(value.toPrecision(precision || 1))))
      );
    default:
      return undefined;
  }
}

/** A Go string literal of the text. */
export function quote(text: string): string {
  const named: Readonly<Record<string, string>> = {
    '"': '\\"',
    "\\": "\\\\",
    "\u0007": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
  };
  const inside = text.replace(
    /["\\\p{Cc}]/gu,
    (one) => named[one] ?? `\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `"${inside}"`;
}
