import type { Arch } from "../../plan/index.ts";
import { defaultPrograms } from "./default-program.ts";
import type { LinuxSeccomp } from "./profile.ts";

/** The default profile for the default capabilities, per architecture: one frozen object each. */
const profiles: Partial<Record<Arch, LinuxSeccomp>> = {};

/**
 * The one profile whose program was made when husk was built, because compiling it would take most of a
 * millisecond of each start. `make` is called for the first time only, and what it gives is frozen.
 */
export function precompiledProfile(arch: Arch, make: () => LinuxSeccomp): LinuxSeccomp {
  return (profiles[arch] ??= Object.freeze(make()));
}

/** The program of that profile; undefined for any other. */
export function precompiledProgram(profile: LinuxSeccomp, arch: Arch): Uint8Array | undefined {
  if (profile !== profiles[arch]) return undefined;
  return new Uint8Array(new Int32Array(defaultPrograms[arch]).buffer);
}
