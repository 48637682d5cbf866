import { readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { invalidValue } from "./invalid.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** `NAME=value`, or `NAME` alone for the caller's value; undefined if the caller has none (as docker). */
export function parseEnv(flag: string, value: string, caller: Environment): string | undefined {
  const equals = value.indexOf("=");
  if (equals === 0 || value === "") throw invalidValue(flag, value, "NAME=value, or NAME for your own value");
  if (equals !== -1) return value;
  const own = caller[value];
  return own === undefined ? undefined : `${value}=${own}`;
}

/**
 * The entries of a file of variables in docker's format: one `NAME=value` a line, the value as it
 * stands (no quotes, no escapes), `#` at the start of a line for a comment, `NAME` alone for the
 * caller's value.
 *
 * @throws HuskError `not-found` or `denied` for the file, `invalid` for a line, with its number
 */
export function readEnvFile(flag: string, path: string, caller: Environment): string[] {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new HuskError(
      code === "ENOENT" ? "not-found" : "denied",
      `--${flag}: cannot read ${path}: ${code}`,
      {
        hint: "a file with one NAME=value a line",
        cause: error,
      },
    );
  }
  return parseEnvFile(flag, path, bytes, caller);
}

/** What {@link readEnvFile} makes of the file's content. */
export function parseEnvFile(flag: string, path: string, bytes: Uint8Array, caller: Environment): string[] {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new HuskError("invalid", `--${flag}: ${path} is not UTF-8`, {
      hint: "a text file with one NAME=value a line",
      cause: error,
    });
  }
  const entries: string[] = [];
  const lines = text.split("\n");
  for (let number = 1; number <= lines.length; number++) {
    const line = (lines[number - 1] as string).replace(/\r$/, "").trimStart();
    if (line === "" || line[0] === "#") continue;
    const equals = line.indexOf("=");
    const name = equals === -1 ? line.trimEnd() : line.slice(0, equals);
    if (name === "" || /\s/.test(name) || line.includes("\0")) {
      const what = name === "" ? "no name before =" : `"${name}" is no variable's name`;
      throw new HuskError("invalid", `--${flag}: ${path} line ${number}: ${what}`, {
        hint: "one NAME=value a line",
      });
    }
    const entry = equals === -1 ? parseEnv(flag, name, caller) : line;
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}
