import { existsSync } from "node:fs";
import type { Report } from "../plan/index.ts";
import { HuskError } from "../platform/error.ts";
import { explainExecFailure } from "../runtime/program.ts";
import type { Program } from "./program.ts";

/** Where a program, its loader or its interpreter is missing, `jail make` is the mend. */
export function jailProgramError(rootfs: string, { argv, paths }: Program, report: Report): HuskError {
  const [program = ""] = argv;
  const { path, errno, detail: mode, exhibit: bytes } = report;
  const error = explainExecFailure({ program, paths, path, errno, mode, bytes, rootfs });
  const isHere = paths.some((path) => existsSync(path));
  if (error.code !== "command-not-found" || !isHere) return error;
  const mend = `husk jail make ${rootfs} ${program} copies it from this machine with all it needs`;
  return new HuskError(error.code, error.message, {
    hint: error.hint === undefined ? mend : `${error.hint}; ${mend}`,
    cause: error.cause,
  });
}
