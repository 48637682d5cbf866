import { invalidValue } from "./values/invalid.ts";

/** $SOURCE_DATE_EPOCH (reproducible-builds.org), in seconds since 1970; undefined: not set. */
export function sourceDateEpoch(env: NodeJS.ProcessEnv = process.env): number | undefined {
  const value = env["SOURCE_DATE_EPOCH"];
  if (value === undefined || value === "") return undefined;
  if (!/^[0-9]{1,10}$/.test(value)) throw invalidValue("SOURCE_DATE_EPOCH", value, "seconds since 1970");
  return Number(value);
}
