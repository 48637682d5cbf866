import { HuskError } from "../../platform/error.ts";

/** A JSON object whose fields are not known to be right yet. */
export type Json = Record<string, unknown>;

/** The path of a field: `linux.resources`, `mounts[2].type`, `linux.sysctl["net.core.somaxconn"]`. */
export function pathOf(at: string, key: string): string {
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i) | 0x20;
    const letter = (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39 && i > 0);
    if (!letter) return `${at}[${JSON.stringify(key)}]`;
  }
  if (key === "") return `${at}[""]`;
  return at === "" ? key : `${at}.${key}`;
}

/** Refuses a field. `path` is its JSON path. */
export function refuse(path: string, problem: string, hint?: string): never {
  throw new HuskError("invalid", `${path}: ${problem}`, hint === undefined ? undefined : { hint });
}

/** Refuses a field because of its type: `expected an integer, got "4m"`. */
export function expected(path: string, what: string, got: unknown): never {
  let shown =
    JSON.stringify(got, (_, value) => (typeof value === "bigint" ? Number(value) : value)) ?? "nothing";
  if (shown.length > 60) shown = `${shown.slice(0, 57)}...`;
  refuse(path, `expected ${what}, got ${shown}`);
}

/** The field's value; null counts as absent, as in Go, and is removed so that nobody meets it later. */
function field(from: Json, key: string): unknown {
  const value = from[key];
  if (value === null) {
    delete from[key];
    return undefined;
  }
  return value;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Refuses an absent field. */
export function need<T>(value: T | undefined, at: string, key: string): T {
  if (value === undefined) refuse(pathOf(at, key), "is missing");
  return value;
}

/** An object among a list's items, or the root of the document. */
export function asObject(value: unknown, path: string): Json {
  if (!isObject(value)) expected(path, "an object", value);
  return value;
}

export function object(from: Json, key: string, at: string): Json | undefined {
  const value = field(from, key);
  if (value !== undefined && !isObject(value)) expected(pathOf(at, key), "an object", value);
  return value;
}

export function list(from: Json, key: string, at: string): unknown[] | undefined {
  const value = field(from, key);
  if (value !== undefined && !Array.isArray(value)) expected(pathOf(at, key), "a list", value);
  return value;
}

export function flag(from: Json, key: string, at: string): boolean | undefined {
  const value = field(from, key);
  if (value !== undefined && typeof value !== "boolean") expected(pathOf(at, key), "true or false", value);
  return value;
}

/** A NUL would end the string early in the kernel: what was checked would not be what is used. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value.indexOf("\0") === -1;
}

export function text(from: Json, key: string, at: string): string | undefined {
  const value = field(from, key);
  if (value === undefined || isText(value)) return value;
  if (typeof value === "string") refuse(pathOf(at, key), "contains a NUL character");
  expected(pathOf(at, key), "a string", value);
}

/** A string that begins with `/`. */
export function absolute(from: Json, key: string, at: string): string | undefined {
  const value = text(from, key, at);
  if (value !== undefined && value.charCodeAt(0) !== 0x2f)
    expected(pathOf(at, key), "an absolute path", value);
  return value;
}

/** A string out of a few. */
export function oneOf(from: Json, key: string, at: string, known: readonly string[]): string | undefined {
  const value = text(from, key, at);
  if (value !== undefined && !known.includes(value)) {
    expected(pathOf(at, key), `one of ${known.join(", ")}`, value);
  }
  return value;
}

export function strings(from: Json, key: string, at: string): string[] | undefined {
  const values = list(from, key, at);
  if (values === undefined) return undefined;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (isText(value)) continue;
    const path = `${pathOf(at, key)}[${i}]`;
    if (typeof value === "string") refuse(path, "contains a NUL character");
    expected(path, "a string", value);
  }
  return values as string[];
}

/** An object whose values are strings. */
export function stringMap(from: Json, key: string, at: string): Record<string, string> | undefined {
  const map = object(from, key, at);
  if (map === undefined) return undefined;
  const path = pathOf(at, key);
  for (const name in map) {
    if (map[name] === null) expected(pathOf(path, name), "a string", null);
    text(map, name, path);
    if (name === "" || !isText(name)) refuse(pathOf(path, name), "is no usable name");
  }
  return map as Record<string, string>;
}

/**
 * An integer from `min` to `max`, both included. What was parsed to a bigint becomes a number: limits
 * lose nothing that matters by it.
 */
export function integer(from: Json, key: string, at: string, min: number, max: number): number | undefined {
  let value = field(from, key);
  if (value === undefined) return undefined;
  if (typeof value === "bigint") from[key] = value = Number(value);
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  expected(pathOf(at, key), Number.isInteger(value) ? rangeWords(min, max) : "an integer", value);
}

/** An unsigned 64-bit integer, exact if it was parsed to a bigint. */
export function exactInteger(from: Json, key: string, at: string): number | bigint | undefined {
  const value = field(from, key);
  if (typeof value === "bigint" && value >= 0n && value < 1n << 64n) return value;
  return integer(from, key, at, 0, uint64);
}

/** How a range reads: the 64-bit bounds are not worth naming. */
function rangeWords(min: number, max: number): string {
  return max < int64 ? `an integer from ${min} to ${max}` : `an integer not below ${min}`;
}

export const int32 = 0x7fffffff;
export const uint16 = 0xffff;
export const uint32 = 0xffffffff;
/** 2^63 and 2^64: the nearest doubles to the largest 64-bit integers. */
export const int64 = 2 ** 63;
export const uint64 = 2 ** 64;
