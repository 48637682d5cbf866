import { readFileSync } from "node:fs";
import { hostArch } from "../../plan/index.ts";
import { HuskError } from "../../platform/error.ts";
import { parseJson } from "../../runtime/json-syntax.ts";
import { type LinuxSeccomp, resolveDockerProfile } from "../../security/index.ts";

/**
 * Reads a profile of `--security-opt seccomp=FILE`, in the specification's form or docker's, for a
 * container with these capabilities.
 *
 * @throws HuskError "not-found" or "invalid", naming the file and the place in it
 */
export function readSeccompFile(file: string, capabilities: readonly string[]): LinuxSeccomp {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (cause) {
    throw new HuskError("not-found", `seccomp profile ${file}: ${(cause as Error).message}`, { cause });
  }
  const kernel = readFileSync("/proc/sys/kernel/osrelease", "latin1");
  const json = parseJson(content, file);
  try {
    return resolveDockerProfile(json, { capabilities, arch: hostArch, kernel });
  } catch (error) {
    if (!(error instanceof HuskError)) throw error;
    throw new HuskError(error.code, `${file}: ${error.message}`, { hint: error.hint, cause: error });
  }
}
