import { readFileSync } from "node:fs";

declare const HUSK_VERSION: string | undefined;
declare const HUSK_COMMIT: string | undefined;

/** husk's version: the build puts it in; as a package or from source, package.json has it. */
export const huskVersion: string = typeof HUSK_VERSION === "string" ? HUSK_VERSION : packageVersion();

/** The commit husk was built from, or "" if the build did not know. */
export const huskCommit: string = typeof HUSK_COMMIT === "string" ? HUSK_COMMIT : "";

/** Name and version of what runs the TypeScript. */
export function javascriptRuntime(): { name: "Bun" | "Node"; version: string } {
  const { bun } = process.versions;
  return bun === undefined ? { name: "Node", version: process.versions.node } : { name: "Bun", version: bun };
}

/** The kernel's release, as `uname -r`. */
export function kernelRelease(): string {
  return readFileSync("/proc/sys/kernel/osrelease", "utf8").trim();
}

/** The architecture as OCI images name it. */
export function architecture(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}

function packageVersion(): string {
  for (const up of ["../..", "../../.."]) {
    try {
      const text = readFileSync(`${import.meta.dirname}/${up}/package.json`, "utf8");
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // Not so deep.
    }
  }
  return "0.0.0-source";
}
