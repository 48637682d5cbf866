import type { SecurityOptions } from "../../engine/run-options.ts";
import { invalidValue } from "./invalid.ts";
import { hostPath } from "./path.ts";

const ACCEPTED =
  "no-new-privileges, seccomp=unconfined|builtin|FILE, apparmor=PROFILE, label=…, systempaths=unconfined, " +
  "mask=PATH[:PATH…] or unmask=ALL|PATH[:PATH…]";

/** One `--security-opt` added to those before it: `key=value`, or docker's older `key:value`. */
export function addSecurityOption(
  flag: string,
  value: string,
  before: SecurityOptions = {},
): SecurityOptions {
  const separator = value.search(/[=:]/);
  const key = separator === -1 ? value : value.slice(0, separator);
  const setting = separator === -1 ? undefined : value.slice(separator + 1);
  switch (key) {
    case "no-new-privileges":
      if (setting === undefined || setting === "true") return { ...before, noNewPrivileges: true };
      if (setting === "false") return { ...before, noNewPrivileges: false };
      break;
    case "seccomp":
      if (!setting) break;
      if (setting === "unconfined" || setting === "builtin") return { ...before, seccomp: setting };
      return { ...before, seccomp: { file: hostPath(flag, setting) } };
    case "apparmor":
      if (!setting) break;
      return { ...before, apparmor: setting };
    case "label":
      if (!setting) break;
      if (setting !== "disable" && !/^(user|role|type|level|filetype|nested):?/.test(setting)) break;
      return { ...before, label: [...(before.label ?? []), setting] };
    case "systempaths":
      if (setting !== "unconfined") break;
      return { ...before, unmask: ["ALL"] };
    case "mask":
    case "unmask": {
      const paths = setting?.split(":") ?? [];
      const all = key === "unmask" && setting?.toUpperCase() === "ALL";
      if (!all && (paths.length === 0 || paths.some((path) => path[0] !== "/"))) break;
      return { ...before, [key]: [...(before[key] ?? []), ...(all ? ["ALL"] : paths)] };
    }
  }
  throw invalidValue(flag, value, ACCEPTED);
}
