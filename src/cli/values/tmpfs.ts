import type { TmpfsSpec } from "../../engine/run-options.ts";
import { mountTarget } from "./path.ts";

/** `--tmpfs TARGET[:OPTIONS]`, options as mount(8) takes them. */
export function parseTmpfs(flag: string, value: string): TmpfsSpec {
  const colon = value.indexOf(":");
  const target = mountTarget(flag, colon === -1 ? value : value.slice(0, colon), value);
  const options = colon === -1 ? "" : value.slice(colon + 1);
  return { type: "tmpfs", target, options: options === "" ? [] : options.split(",") };
}
