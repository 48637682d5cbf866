// Writes src/security/seccomp/default-program.ts: the default profile's programs, compiled. Run it after a change of
// the profile or the compiler (a unit test says when).
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultCapabilities } from "../src/security/capability-names.ts";
import { compileSeccomp } from "../src/security/seccomp/compile.ts";
import { defaultProfile } from "../src/security/seccomp/default-profile.ts";

const lines = (["x86_64", "aarch64"] as const).map((arch) => {
  // A copy is not the registered profile, so it is compiled.
  const { program } = compileSeccomp({ ...defaultProfile(defaultCapabilities, arch) }, arch);
  const words = [...new Int32Array(program.slice().buffer)];
  return `  ${arch}: [\n${wrap(words.join(", "))},\n  ],\n`;
});

/** Breaks a list into lines. */
function wrap(list: string): string {
  return (list.match(/.{1,104}(?:, |$)/g) ?? []).map((line) => `    ${line.replace(/,? $/, "")}`).join(",\n");
}

writeFileSync(
  join(import.meta.dirname, "../src/security/seccomp/default-program.ts"),
  `import type { Arch } from "../../plan/index.ts";

/**
 * The default profile for the default capabilities as BPF, two words per instruction. Written by
 * scripts/precompile-seccomp.ts.
 */
export const defaultPrograms: Readonly<Record<Arch, readonly number[]>> = {
${lines.join("")}};
`,
);
