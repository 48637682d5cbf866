import type { BindSpec, MountSpec, VolumeSpec } from "../../engine/run-options.ts";
import { HuskError } from "../../platform/error.ts";
import { csvFields } from "./csv.ts";
import { invalidValue } from "./invalid.ts";
import { parseLabels } from "./label.ts";
import { hostPath, mountTarget } from "./path.ts";
import { parseSize } from "./size.ts";
import { isPropagation } from "./volume.ts";

/**
 * `--mount type=bind|volume|tmpfs,target=PATH[,key=value…]` in docker's spelling: comma-separated, a field with a
 * comma in double quotes; without a type it is a volume.
 */
export function parseMount(flag: string, value: string): MountSpec {
  const fields = readFields(flag, value);
  const type = fields.get("type")?.toLowerCase() ?? "volume";
  if (type === "image" || type === "npipe" || type === "cluster") {
    throw new HuskError("unsupported", `--${flag} ${value}: type ${type} is not in this version of husk`, {
      hint: "type=bind, type=volume or type=tmpfs",
    });
  }
  if (type !== "bind" && type !== "tmpfs" && type !== "volume")
    throw invalidValue(flag, value, "type is bind, volume or tmpfs");
  const text = fields.get("target");
  if (text === undefined) throw invalidValue(flag, value, "target=PATH is missing");
  for (const key of fields.keys()) {
    if (!KEYS[type].includes(key)) throw invalidValue(flag, value, `${key} is not for type=${type}`);
  }
  const target = mountTarget(flag, text, value);
  if (type === "bind") return bind(flag, value, target, fields);
  return type === "tmpfs" ? tmpfs(flag, value, target, fields) : volume(flag, value, target, fields);
}

const COMMON = ["type", "target", "readonly", "consistency"];
const KEYS = {
  bind: [...COMMON, "source", "bind-propagation", "bind-recursive", "bind-nonrecursive"],
  tmpfs: [...COMMON, "tmpfs-size", "tmpfs-mode"],
  volume: [
    ...COMMON,
    "source",
    "volume-driver",
    "volume-label",
    "volume-nocopy",
    "volume-opt",
    "volume-subpath",
    "bind-propagation",
  ],
};
const SWITCHES = ["readonly", "bind-nonrecursive", "volume-nocopy"];
/** What may be given more than once. */
const LISTS = ["volume-label", "volume-opt"];
const PROPAGATIONS = "bind-propagation is private, rprivate, shared, rshared, slave or rslave";
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
    const isSwitch = SWITCHES.includes(key);
    if (!Object.values(KEYS).some((keys) => keys.includes(key)))
      throw invalidValue(flag, value, `unknown key "${typed}"`);
    if (equals === -1 && !isSwitch) throw invalidValue(flag, value, `${typed} needs a value: ${typed}=…`);
    const given = equals === -1 ? "true" : text.slice(equals + 1);
    if (isSwitch && !/^(true|false|1|0)$/.test(given)) {
      throw invalidValue(flag, value, `${typed} is true or false`);
    }
    const before = LISTS.includes(key) ? fields.get(key) : undefined;
    if (isSwitch) fields.set(key, String(given === "true" || given === "1"));
    else fields.set(key, before === undefined ? given : `${before}\n${given}`);
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
    throw invalidValue(flag, value, PROPAGATIONS);
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

function volume(flag: string, value: string, target: string, fields: Map<string, string>): VolumeSpec {
  const driver = fields.get("volume-driver") ?? "local";
  if (driver !== "local")
    throw new HuskError("unsupported", `--${flag} ${value}: there is no volume driver ${driver}`, {
      hint: "leave volume-driver out: husk has the driver local",
    });
  const name = fields.get("source");
  const subpath = fields.get("volume-subpath");
  const propagation = fields.get("bind-propagation");
  if (propagation !== undefined && !isPropagation(propagation)) throw invalidValue(flag, value, PROPAGATIONS);
  const list = (key: string): string[] => fields.get(key)?.split("\n") ?? [];
  const labels = parseLabels(flag, list("volume-label"));
  const options = parseLabels(flag, list("volume-opt"));
  return {
    type: "volume",
    target,
    ...(name === undefined || name === "" ? {} : { name }),
    ...(fields.get("readonly") === "true" ? { readOnly: true } : {}),
    ...(fields.get("volume-nocopy") === "true" ? { noCopy: true } : {}),
    ...(subpath === undefined ? {} : { subpath }),
    ...(propagation === undefined ? {} : { propagation }),
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(Object.keys(options).length > 0 ? { options } : {}),
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
