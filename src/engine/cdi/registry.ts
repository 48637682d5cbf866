import { readdirSync, readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import type { CdiName } from "./device-name.ts";
import { parseYaml } from "./parse-yaml.ts";
import { type CdiDevice, type CdiSpec, faultOf } from "./spec-file.ts";

/** Where vendors put their files; what stands in a later folder goes before what stands in an earlier one. */
const CDI_FOLDERS: readonly string[] = ["/etc/cdi", "/var/run/cdi"];

/** A file that was read, or why it could not be. */
interface ReadSpec {
  readonly file: string;
  /** Place of its folder in the list. */
  readonly priority: number;
  readonly spec: CdiSpec | undefined;
  readonly fault?: string;
}

/** A device, and the file it stands in. */
export interface FoundDevice {
  readonly spec: CdiSpec;
  readonly device: CdiDevice;
}

/** All files of vendors there are: `*.json`, `*.yaml`, `*.yml`. */
export function readSpecs(folders: readonly string[] = CDI_FOLDERS): ReadSpec[] {
  return folders.flatMap((folder, priority) =>
    namesIn(folder).map((name) => readSpec(`${folder}/${name}`, priority)),
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.(json|ya?ml)$/.test(name))
      .toSorted();
  } catch {
    return [];
  }
}

function readSpec(file: string, priority: number): ReadSpec {
  try {
    const text = readFileSync(file, "utf8");
    const content: unknown = file.endsWith(".json") ? JSON.parse(text) : parseYaml(text);
    const fault = faultOf(content);
    return fault === undefined
      ? { file, priority, spec: content as CdiSpec }
      : { file, priority, spec: undefined, fault };
  } catch (error) {
    return { file, priority, spec: undefined, fault: (error as Error).message };
  }
}

/**
 * Finds devices by their names.
 *
 * @throws HuskError "not-found" for names nobody defines, with the files that could not be read; "conflict" for one
 *   that two files of one folder define
 */
export function findDevices(wanted: readonly CdiName[], specs: readonly ReadSpec[]): FoundDevice[] {
  return wanted.map(({ kind, device: name }) => {
    let found: (FoundDevice & { file: string; priority: number }) | undefined;
    for (const { file, priority, spec } of specs) {
      const device = spec?.kind === kind ? spec.devices?.find((one) => one.name === name) : undefined;
      if (spec === undefined || device === undefined) continue;
      if (found?.priority === priority)
        throw new HuskError("conflict", `device ${kind}=${name}: both ${found.file} and ${file} define it`, {
          hint: "remove one of the two files",
        });
      found = { spec, device, file, priority };
    }
    if (found !== undefined) return found;
    const faults = specs.flatMap(({ file, fault }) => (fault === undefined ? [] : [`${file}: ${fault}`]));
    throw new HuskError(
      "not-found",
      `unresolvable CDI device ${kind}=${name}: no file in ${CDI_FOLDERS.join(" or ")} defines it`,
      { hint: faults.length > 0 ? `not read: ${faults.join("; ")}` : known(specs) },
    );
  });
}

function known(specs: readonly ReadSpec[]): string {
  const names = specs.flatMap(({ spec }) => spec?.devices?.map(({ name }) => `${spec.kind}=${name}`) ?? []);
  return names.length === 0 ? "the driver's package makes such files" : `there are ${names.join(", ")}`;
}
