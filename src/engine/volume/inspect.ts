import type { Volume } from "./record.ts";

/** A volume as `docker volume inspect` shows it (Engine API, Volume). */
export function inspectVolume({
  created,
  labels,
  mountpoint,
  name,
  options,
}: Volume): Record<string, unknown> {
  return {
    CreatedAt: new Date(created).toISOString().replace(/\.\d+Z$/, "Z"),
    Driver: "local",
    Labels: Object.keys(labels).length === 0 ? null : labels,
    Mountpoint: mountpoint,
    Name: name,
    Options: Object.keys(options).length === 0 ? null : options,
    Scope: "local",
  };
}
