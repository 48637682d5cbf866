import { readdirSync, readFileSync } from "node:fs";
import { hostArch } from "../plan/index.ts";

/** Processors whose programs a 64-bit kernel runs as well. */
const compatible: Readonly<Record<string, readonly string[]>> = {
  x86_64: ["x86_64", "i386"],
  aarch64: ["aarch64", "arm"],
};

/** Whether programs for a processor can run on this machine: by themselves, or by an emulator (binfmt_misc). */
export function runsHere(machine: string, folder = "/proc/sys/fs/binfmt_misc"): boolean {
  return compatible[hostArch]?.includes(machine) === true || hasEmulator(machine, folder);
}

/** Names under which qemu-user registers itself where they are not the processor's. */
const emulatorNames: Readonly<Record<string, string>> = { i386: "i386", ppc64: "ppc64le" };

function hasEmulator(machine: string, folder: string): boolean {
  try {
    const names = readdirSync(folder);
    return names.some((name) => {
      if (!name.endsWith(`-${machine}`) && !name.endsWith(`-${emulatorNames[machine] ?? machine}`))
        return false;
      return readFileSync(`${folder}/${name}`, "utf8").startsWith("enabled");
    });
  } catch {
    return false;
  }
}

/** What a person needs to know about programs for another processor; undefined: nothing. */
export function emulationNote(machine: string | undefined): string | undefined {
  if (machine === undefined || runsHere(machine)) return undefined;
  return (
    `programs for ${machine} do not run on this machine (${hostArch}) by themselves: ` +
    "install qemu-user-static, which registers an emulator with binfmt_misc"
  );
}
