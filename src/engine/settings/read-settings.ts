import { closeSync, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { KEYS, keyOfVariable } from "./keys.ts";
import { type GivenSetting, NO_SETTINGS, type Settings } from "./settings.ts";

let read: Settings | undefined;

/**
 * What this machine and this user have set: /etc/husk/husk.json, then husk/husk.json in $XDG_CONFIG_HOME (or
 * ~/.config), or the one file that HUSK_CONFIG names; then variables such as HUSK_LOG_DRIVER. A later one goes before an
 * earlier one. Read once.
 *
 * @throws HuskError "invalid" naming file and key; "denied" for a file that somebody else could have written
 */
export function readSettings(): Settings {
  return (read ??= settingsOf(process.env));
}

/** The same for another environment, read anew. */
export function settingsOf(env: NodeJS.ProcessEnv): Settings {
  const given: GivenSetting[] = [];
  for (const file of settingsFiles(env)) readInto(given, file, file === env["HUSK_CONFIG"]);
  for (const name in env) {
    if (!name.startsWith("HUSK_")) continue;
    const key = keyOfVariable(name);
    if (key !== undefined && env[name]) given.push({ key, value: env[name], from: name });
  }
  if (given.length === 0) return NO_SETTINGS;
  const settings: Record<string, unknown> = {};
  for (const setting of given) {
    KEYS[setting.key]?.take(settings, setting.value, (expected) => {
      throw new HuskError("invalid", `${setting.from}: "${setting.key}": ${shown(setting.value)}`, {
        hint: expected,
      });
    });
  }
  return { ...settings, given };
}

/** Where settings are looked for, whether the files are there or not. */
export function settingsFiles(env: NodeJS.ProcessEnv = process.env): string[] {
  if (env["HUSK_CONFIG"]) return [env["HUSK_CONFIG"]];
  const files = ["/etc/husk/husk.json"];
  if (env["XDG_CONFIG_HOME"]?.startsWith("/")) files.push(`${env["XDG_CONFIG_HOME"]}/husk/husk.json`);
  else if (env["HOME"]?.startsWith("/")) files.push(`${env["HOME"]}/.config/husk/husk.json`);
  return files;
}

function readInto(given: GivenSetting[], file: string, isNamed: boolean): void {
  const text = readOwned(file, isNamed);
  if (text === undefined) return;
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new HuskError("invalid", `${file}: not JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof content !== "object" || content === null || Array.isArray(content))
    throw new HuskError("invalid", `${file}: not an object of settings`, {
      hint: `such as {"memory": "2g"}`,
    });
  for (const [key, value] of Object.entries(content)) {
    if (!Object.hasOwn(KEYS, key))
      throw new HuskError("invalid", `${file}: unknown key "${key}"`, { hint: `known are ${knownKeys()}` });
    given.push({ key, value, from: file });
  }
}

function knownKeys(): string {
  return Object.keys(KEYS).join(", ");
}

/** The text of a file that only this user or root can have written; undefined: there is none. */
function readOwned(file: string, isNamed: boolean): string | undefined {
  let fd: number;
  try {
    // Asking first costs less than a refusal to open.
    if (!isNamed && statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    fd = openSync(file, O_RDONLY_NONBLOCK);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isMissing =
      code === "ENOENT" || code === "ENOTDIR" || (code === "EACCES" && !file.startsWith("/etc/"));
    if (isMissing && !isNamed) return undefined;
    throw new HuskError("invalid", `cannot read the settings in ${file}: ${message}`, { cause });
  }
  try {
    const { uid, mode } = fstatSync(fd);
    if ((mode & S_IFMT) !== S_IFREG) throw new HuskError("invalid", `${file}: no file`);
    if ((uid !== 0 && uid !== process.geteuid?.()) || (mode & 0o022) !== 0)
      throw new HuskError("denied", `${file}: others than you and root could have written these settings`, {
        hint: "chown root it, and chmod go-w it",
      });
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}

/** A fifo must not hold us. */
const O_RDONLY_NONBLOCK = 0o4000;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
