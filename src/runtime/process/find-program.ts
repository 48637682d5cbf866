import { Check, type List, Memory } from "../../plan/index.ts";

const AT_FDCWD = -100;
const X_OK = 1;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
/** struct statx (statx(2)), which is the same on every machine, other than struct stat. */
const STX_MODE = 28;
const STATX_BYTES = 256;
const STATX_TYPE_MODE = 3;

/** What {@link findProgram}'s failing operations are about: `exec: "nosuch": executable file not found in $PATH`. */
export const programMissing = (name: string): string =>
  `exec: ${JSON.stringify(name)}: ${name.includes("/") ? `stat ${name}: no such file or directory` : "executable file not found in $PATH"}`;
export const programRefused = (name: string): string => `exec: ${JSON.stringify(name)}: permission denied`;

/**
 * Looks whether there is a program to execute, as the container's user: who creates a container learns now what
 * whoever starts it could only fail at. Executing has the last word.
 */
export function findProgram(list: List, name: string, paths: readonly string[]): void {
  list.step(`find ${name}`, "a program that is missing is known before the start");
  if (name.includes("/")) {
    const facts = new Memory(STATX_BYTES);
    list.call("statx", AT_FDCWD, name, 0, STATX_TYPE_MODE, facts).about(programMissing(name));
    list.add(new Check(facts, STX_MODE, "u32", S_IFREG, "EACCES", S_IFMT)).object = programRefused(name);
    list.call("faccessat", AT_FDCWD, name, X_OK).about(programRefused(name));
    return;
  }
  const found = new Memory(4);
  found.bytes.fill(255);
  for (const path of paths) {
    list.when(list.load(found, 0), "failed", () => {
      const access = list
        .call("faccessat", AT_FDCWD, path, X_OK)
        .accept("ENOENT", "EACCES", "ENOTDIR", "ELOOP", "ENAMETOOLONG");
      list.store(access, found, 0);
    });
  }
  list.add(new Check(found, 0, "u32", 0, "ENOENT")).object = programMissing(name);
}
