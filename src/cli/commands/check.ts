import { describeCgroups, readLayout } from "../../cgroup/index.ts";
import { cgroupSection } from "../check/cgroups.ts";
import { kernelSection } from "../check/kernel.ts";
import { type Finding, type Section, thisMachine } from "../check/machine.ts";
import { namespaceSection } from "../check/namespaces.ts";
import { isPrivileged, rightsSection } from "../check/rights.ts";
import { securitySection } from "../check/security.ts";
import { trialSection } from "../check/trial.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { parseFormat } from "../output-format.ts";
import { hasColour, type Palette, palette } from "../terminal.ts";
import { printHelp } from "../print-help.ts";

/** `husk check`: what this kernel and this user can do. Exit status 1 if no container can be run. */
export async function check(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const format = parseFormat("check", argv, from, globals);
  if (format === undefined) return printHelp(["check"]);

  const machine = thisMachine();
  const privileged = isPrivileged(machine);
  const facts = describeCgroups(readLayout(), { rootless: !privileged, uid: machine.uid });
  const sections = [
    kernelSection(machine),
    namespaceSection(machine, privileged),
    rightsSection(machine),
    cgroupSection(facts, machine.uid),
    securitySection(machine),
    await trialSection(homeOf(globals)),
  ];
  const ready = sections.every(({ findings }) => findings.every(({ state }) => state !== "no"));
  console.log(
    format === "json"
      ? JSON.stringify({ ready, sections })
      : formatSections(sections, ready, palette(hasColour(1))),
  );
  return ready ? 0 : 1;
}

function formatSections(sections: readonly Section[], ready: boolean, paint: Palette): string {
  const width = Math.max(
    ...sections.flatMap(({ findings }) => findings.map(({ subject }) => subject.length)),
  );
  const lines: string[] = [];
  for (const { title, findings } of sections) {
    lines.push(paint.bold(title));
    for (const finding of findings) lines.push(...findingLines(finding, width, paint));
    lines.push("");
  }
  lines.push(ready ? "Containers can be run." : "Containers cannot be run: see the lines with ✗.");
  return lines.join("\n");
}

function findingLines({ subject, state, detail, mend }: Finding, width: number, paint: Palette): string[] {
  const mark = state === "yes" ? paint.green("✓") : state === "limited" ? paint.yellow("!") : paint.red("✗");
  const line = `  ${mark} ${subject.padEnd(width)}  ${detail}`.trimEnd();
  return mend === undefined ? [line] : [line, `    ${" ".repeat(width)}  ${paint.dim(`→ ${mend}`)}`];
}
