import type { Globals } from "../grammar.ts";
import { formatFacts, parseFactsFormat } from "../output-format.ts";
import {
  architecture,
  huskCommit,
  huskVersion,
  javascriptRuntime,
  kernelRelease,
} from "../../platform/versions.ts";
import { printHelp } from "../print-help.ts";

/** `husk version`: the versions of husk and of what it runs on. */
export async function version(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const format = parseFactsFormat("version", argv, from, globals);
  if (format === undefined) return printHelp(["version"]);

  const runtime = javascriptRuntime();
  const facts = {
    version: huskVersion,
    gitCommit: huskCommit,
    runtime: `${runtime.name} ${runtime.version}`,
    os: "linux",
    arch: architecture(),
    kernelVersion: kernelRelease(),
  };
  const text = (): string => `husk:
 Version:    ${facts.version}
 Git commit: ${facts.gitCommit || "unknown"}
 Runs on:    ${facts.runtime}
 OS/Arch:    ${facts.os}/${facts.arch}
 Kernel:     ${facts.kernelVersion}`;
  console.log(await formatFacts(format, facts, text));
  return 0;
}

/** What `husk --version` prints. */
export function versionLine(): string {
  return `husk version ${huskVersion}${huskCommit === "" ? "" : `, build ${huskCommit}`}`;
}

/** What `husk oci --version` prints, in runc's form. */
export function ociVersionLines(): string {
  return `husk-oci version ${huskVersion}${huskCommit === "" ? "" : `\ncommit: ${huskCommit}`}\nspec: 1.2.0`;
}
