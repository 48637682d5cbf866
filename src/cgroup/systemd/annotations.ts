import { HuskError } from "../../platform/error.ts";
import type { Variant } from "../../platform/dbus/index.ts";
import type { Property } from "./properties.ts";

const PREFIX = "org.systemd.property.";

/** D-Bus types of GVariant's keywords; a number without one is an `int32`. */
const keywords: Readonly<Record<string, string>> = {
  ...{ boolean: "b", byte: "y", int16: "n", uint16: "q", int32: "i", uint32: "u", handle: "h" },
  ...{ int64: "x", uint64: "t", double: "d", string: "s", objectpath: "o", signature: "g" },
};

/**
 * Unit properties from annotations such as `org.systemd.property.TimeoutStopUSec: "uint64 123456"` (runc's
 * docs/systemd.md): the value is GVariant text, and a property in `Sec` is given in microseconds to systemd.
 *
 * @throws HuskError "invalid" for names and values that are none
 */
export function annotatedProperties(annotations: Readonly<Record<string, string>> = {}): Property[] {
  const properties: Property[] = [];
  for (const key in annotations) {
    if (!key.startsWith(PREFIX)) continue;
    const text = annotations[key] as string;
    let name = key.slice(PREFIX.length);
    if (!/^[A-Z][A-Za-z]+$/.test(name))
      throw new HuskError("invalid", `annotation ${key}: "${name}" is no name of a unit property`);
    let variant = parseVariant(text, key);
    if (/[^U]Sec$/.test(name)) {
      name = name.replace(/Sec$/, "USec");
      variant = microseconds(variant, key, text);
    }
    properties.push([name, variant]);
  }
  return properties;
}

function microseconds({ value }: Variant, key: string, text: string): Variant {
  if (typeof value !== "number" && typeof value !== "bigint") throw invalid(key, text);
  return {
    type: "t",
    value: typeof value === "bigint" ? value * 1_000_000n : BigInt(Math.round(value * 1_000_000)),
  };
}

function invalid(key: string, text: string): HuskError {
  return new HuskError("invalid", `annotation ${key}: "${text}" is no value`, {
    hint: "true, 5, uint64 5, 1.5, 'text', ['one', 'two'] (GVariant text format)",
  });
}

/** A value in GVariant's text format: booleans, numbers, texts, and lists of one type of them. */
function parseVariant(text: string, key: string): Variant {
  const [, keyword, rest = ""] = /^\s*(?:([a-z]+[0-9]*)\s+|@(?:[a-z]+)\s+)?(.*?)\s*$/s.exec(text) ?? [];
  const annotated = /^\s*@([a-z]+)\s/.exec(text)?.[1];
  const type = annotated ?? (keyword === undefined ? undefined : keywords[keyword]);
  if (keyword !== undefined && type === undefined) throw invalid(key, text);
  const list = /^\[(.*)\]$/s.exec(rest);
  if (list === null) return scalar(rest, type, key, text);
  const items = splitList(list[1] as string).map((item) => parseVariant(item, key));
  const inner = type?.startsWith("a") ? type.slice(1) : items[0]?.type;
  if (inner === undefined || items.some((item) => item.type !== items[0]?.type)) throw invalid(key, text);
  return { type: `a${inner}`, value: items.map(({ value }) => value) };
}

function scalar(word: string, type: string | undefined, key: string, text: string): Variant {
  const quoted = /^(['"])((?:\\.|(?!\1)[^\\])*)\1$/s.exec(word);
  if (quoted !== null) {
    if (type !== undefined && !"sog".includes(type)) throw invalid(key, text);
    return { type: type ?? "s", value: (quoted[2] as string).replaceAll(/\\(.)/gs, "$1") };
  }
  if (word === "true" || word === "false") return { type: "b", value: word === "true" };
  const isWhole = /^[+-]?(0x[0-9a-fA-F]+|[0-9]+)$/.test(word);
  if (!isWhole && !/^[+-]?[0-9]*\.?[0-9]+(e[+-]?[0-9]+)?$/i.test(word)) throw invalid(key, text);
  const as = type ?? (isWhole ? "i" : "d");
  if (as === "d") return { type: as, value: Number(word) };
  if (!isWhole || !"ynqiuxt".includes(as)) throw invalid(key, text);
  if (as !== "x" && as !== "t") return { type: as, value: Number(word) };
  const digits = word.replace(/^[+-]/, "");
  return { type: as, value: word.startsWith("-") ? -BigInt(digits) : BigInt(digits) };
}

/** Items of a list; commas in quotes part nothing. */
function splitList(text: string): string[] {
  return text.trim() === "" ? [] : (text.match(/(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^,'"])+/gs) ?? []);
}
