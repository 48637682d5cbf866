import type { BindSpec, MountSpec } from "../../engine/run-options.ts";
import { HuskError } from "../../platform/error.ts";
import { csvFields } from "./csv.ts";
import { invalidValue } from "./invalid.ts";
import { hostPath, mountTarget } from "./path.ts";
import { parseSize } from "./size.ts";
import { isPropagation } from "./volume.ts";

/**
 * `--mount type=bind|tmpfs,target=PATH[,key=value…]` in docker's spelling: comma-separated, a field
 * with a comma in double quotes.
 */
export function parseMount(flag: string, value: string): MountSpec {
  const fields = readFields(flag, value);
  const type = fields.get("type");
  if (type === undefined || type === "volume" || type === "image" || type === "npipe" || type === "cluster") {
    throw new HuskError(
      "unsupported",
      `--${flag} ${value}: type ${type ?? "volume"} is not in this version of husk`,
      {
        hint: "type=bind or type=tmpfs",
      },
    );
  }
  if (type !== "bind" && type !== "tmpfs") throw invalidValue(flag, value, "type is bind or tmpfs");
  const target = fields.get("target");
  if (target === undefined) throw invalidValue(flag, value, "target=PATH is missing");
  for (const key of fields.keys()) {
    if (!KEYS[type].includes(key)) throw invalidValue(flag, value, `${key} is not for type=${type}`);
  }
  return type === "bind"
    ? bind(flag, value, mountTarget(flag, target, value), fields)
    : tmpfs(flag, value, mountTarget(flag, target, value), fields);
}

const COMMON = ["type", "target", "readonly", "consistency"];
const KEYS = {
  bind: [...COMMON, "source", "bind-propagation", "bind-recursive", "bind-nonrecursive"],
  tmpfs: [...COMMON, "tmpfs-size", "tmpfs-mode"],
};
const ALIASES: Readonly<Record<string, string>> = {
  src: "source",
  dst: "target",
  destination: "target",
  ro: "readonly",
};

function readFields(flag: string, value: string): Map<string, string> {
  const fields = new Map<string, string>();
  const texts = csvFields(value);
  if (texts === undefined) throw invalidValue(flag, value, "a double quote is not closed");
  for (const text of texts) {
    const equals = text.indexOf("=");
    const typed = (equals === -1 ? text : text.slice(0, equals)).toLowerCase();
    const key = Object.hasOwn(ALIASES, typed) ? (ALIASES[typed] as string) : typed;
    const isSwitch = key === "readonly" || key === "bind-nonrecursive";
    if (!KEYS.bind.includes(key) && !KEYS.tmpfs.includes(key)) {
      if (!/^(volume|image)-/.test(key)) throw invalidValue(flag, value, `unknown key "${typed}"`);
    }
    if (equals === -1 && !isSwitch) throw invalidValue(flag, value, `${typed} needs a value: ${typed}=…`);
    const given = equals === -1 ? "true" : text.slice(equals + 1);
    if (isSwitch && !/^(true|false|1|0)$/.test(given)) {
      throw invalidValue(flag, value, `${typed} is true or false`);
    }
    fields.set(key, isSwitch ? String(given === "true" || given === "1") : given);
  }
  return fields;
}

function bind(flag: string, value: string, target: string, fields: Map<string, string>): BindSpec {
  const source = fields.get("source");
  if (source === undefined) throw invalidValue(flag, value, "source=PATH is missing");
  if (source[0] !== "/" && source[0] !== ".") {
    throw invalidValue(flag, value, `the source must be a path such as /data or ./data, "${source}" is not`);
  }
  const readOnly = fields.get("readonly") === "true";
  const propagation = fields.get("bind-propagation");
  if (propagation !== undefined && !isPropagation(propagation)) {
    throw invalidValue(
      flag,
      value,
      "bind-propagation is private, rprivate, shared, rshared, slave or rslave",
    );
  }
  const recursive =
    fields.get("bind-nonrecursive") === "true" ? "disabled" : (fields.get("bind-recursive") ?? "enabled");
  if (
    recursive !== "enabled" &&
    recursive !== "disabled" &&
    recursive !== "writable" &&
    recursive !== "readonly"
  ) {
    throw invalidValue(flag, value, "bind-recursive is enabled, disabled, writable or readonly");
  }
  if (recursive === "writable" || recursive === "readonly") {
    if (!readOnly) throw invalidValue(flag, value, `bind-recursive=${recursive} needs readonly`);
    if (recursive === "readonly" && propagation !== "rprivate") {
      throw invalidValue(flag, value, "bind-recursive=readonly needs bind-propagation=rprivate");
    }
  }
  return {
    type: "bind",
    source: hostPath(flag, source),
    target,
    readOnly,
    recursive,
    ...(propagation === undefined ? undefined : { propagation }),
  };
}

function tmpfs(flag: string, value: string, target: string, fields: Map<string, string>): MountSpec {
  const options: string[] = [];
  const size = fields.get("tmpfs-size");
  const mode = fields.get("tmpfs-mode");
  if (size !== undefined) options.push(`size=${parseSize(`${flag} tmpfs-size`, size)}`);
  if (mode !== undefined) {
    if (!/^[0-7]{1,5}$/.test(mode)) throw invalidValue(flag, value, "tmpfs-mode is octal, such as 1777");
    options.push(`mode=${mode}`);
  }
  if (fields.get("readonly") === "true") options.push("ro");
  return { type: "tmpfs", target, options };
}
