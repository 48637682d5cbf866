import { writeFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { specTemplate } from "../../runtime/oci/spec-template.ts";
import { ociArguments } from "../flags/oci-arguments.ts";
import { printHelp } from "../print-help.ts";
import type { OciCall } from "./oci.ts";

/** `husk oci spec [--bundle DIR] [--rootless]`: writes a config.json to begin with. */
export function ociSpec({ argv, from, globals }: OciCall): number | Promise<number> {
  const given = ociArguments("spec", argv, from, globals, { least: 0, most: 0 });
  if (given === undefined) return printHelp(["oci", "spec"]);
  const file = `${given.path("bundle") ?? process.cwd()}/config.json`;
  const rootless = given.on("rootless")
    ? { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
    : undefined;
  try {
    writeFileSync(file, JSON.stringify(specTemplate(rootless), undefined, "\t"), { flag: "wx", mode: 0o666 });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST")
      throw new HuskError("conflict", "File config.json exists. Remove it first", { cause });
    throw new HuskError("denied", `cannot write ${file}: ${message}`, { cause });
  }
  return 0;
}
