import { csvFields } from "./csv.ts";
import { invalidValue } from "./invalid.ts";
import { toInteger } from "./number.ts";

const ACCEPTED = `all, a number, or "device=0,1" with the quotes`;

/**
 * `--gpus` in docker's spelling as names of CDI: `all`, a number, or fields of which one is `device=…`, `count=…` or
 * `driver=nvidia|amd`; `capabilities` is left to the vendor's file.
 *
 * @returns `nvidia.com/gpu=…`
 */
export function parseGpus(flag: string, value: string): string[] {
  const fields = csvFields(value);
  if (fields === undefined || value === "") throw invalidValue(flag, value, ACCEPTED);
  let vendor = "nvidia";
  let wanted: string[] | undefined;
  for (const [index, field] of fields.entries()) {
    const equals = field.indexOf("=");
    const key = equals === -1 ? "count" : field.slice(0, equals);
    const text = field.slice(equals + 1);
    if (equals === -1 && index > 0) throw invalidValue(flag, value, ACCEPTED);
    if (key === "device" || key === "count") {
      if (wanted !== undefined) throw invalidValue(flag, value, "either count or device");
      wanted = key === "device" ? text.split(",") : counted(flag, value, text);
    } else if (key === "driver") {
      if (text !== "nvidia" && text !== "amd") throw invalidValue(flag, value, "driver is nvidia or amd");
      vendor = text;
    } else if (key !== "capabilities" && key !== "options") {
      throw invalidValue(flag, value, `unknown key "${key}"; ${ACCEPTED}`);
    }
  }
  return (wanted ?? ["0"]).map((device) => {
    if (!/^[A-Za-z0-9](?:[A-Za-z0-9_.:-]*[A-Za-z0-9])?$/.test(device))
      throw invalidValue(flag, value, ACCEPTED);
    return `${vendor}.com/gpu=${device}`;
  });
}

function counted(flag: string, value: string, text: string): string[] {
  if (text === "all" || text === "-1") return ["all"];
  const count = toInteger(text);
  if (count === undefined || count < 1 || count > 256) throw invalidValue(flag, value, ACCEPTED);
  return Array.from({ length: count }, (_, index) => String(index));
}
