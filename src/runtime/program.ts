import { errnoName, errnoWords, hostArch } from "../plan/index.ts";
import { type ErrorCode, HuskError } from "../platform/error.ts";
import { readElfHeader } from "./elf.ts";

/** A program that could not be executed, as the keeper reports it. */
export interface ExecFailure {
  /** What was asked for: `process.args[0]`. */
  readonly program: string;
  /** What was tried, in order. */
  readonly paths: readonly string[];
  /** Index of the path that exists and could not be executed; -1: none exists. */
  readonly path: number;
  readonly errno: number;
  /** st_mode of that file. */
  readonly mode: number;
  /** Its first bytes; empty when they could not be read. */
  readonly bytes: Uint8Array;
  /** How a person knows the root file system: its folder, or the image's name; undefined: this machine's own. */
  readonly rootfs: string | undefined;
  /** The file is on a mount of the container with the option noexec. */
  readonly noexec?: boolean;
}

/** What is wrong with the program, in words. */
interface Diagnosis {
  readonly code: ErrorCode;
  readonly problem: string;
  readonly hint: string | undefined;
}

/**
 * Says why execve(2) failed: the program, its loader or its interpreter is missing (code
 * "command-not-found", exit status 127), or it exists and cannot be executed ("cannot-execute", 126).
 */
export function explainExecFailure(failure: ExecFailure): HuskError {
  const { program } = failure;
  const where = whereOf(failure);
  if (failure.path < 0) return notFound(failure);
  const path = failure.paths[failure.path] as string;
  const { code, problem, hint } = diagnose(failure, path);
  const name = program === path ? path : `${program} (${path})`;
  return new HuskError(code, `cannot run ${name}${where}: ${problem}`, { hint });
}

function whereOf({ rootfs }: ExecFailure): string {
  return rootfs === undefined ? "" : ` in ${rootfs}`;
}

function notFound(failure: ExecFailure): HuskError {
  const { program, paths, rootfs } = failure;
  const where = whereOf(failure);
  if (program === "") {
    return new HuskError("command-not-found", `cannot run ""${where}: the program's name is empty`);
  }
  if (program.includes("/")) {
    return new HuskError("command-not-found", `cannot run ${program}${where}: no such file`, {
      ...(rootfs === undefined
        ? {}
        : { hint: `the path is looked up inside ${rootfs}, not on this machine` }),
    });
  }
  const folders = paths.map((path) => path.slice(0, path.lastIndexOf("/")) || "/");
  return new HuskError("command-not-found", `cannot run ${program}${where}: no such program`, {
    hint: folders.length === 0 ? "PATH is empty" : `searched in PATH: ${folders.join(":")}`,
  });
}

function diagnose(failure: ExecFailure, path: string): Diagnosis {
  const { errno, bytes, mode } = failure;
  const error = errnoName(errno);
  if (error === "ENOENT" || error === "ENOTDIR") return missingInterpreter(bytes);
  if ((mode & 0o170000) === 0o040000) return cannot("is a directory");
  if (error === "EACCES" || error === "EPERM") return refused(failure, path);
  if (error === "ENOEXEC" || error === "EINVAL") return wrongFormat(bytes, path);
  if (error === "ELIBBAD") {
    return cannot(`its loader ${readElfHeader(bytes)?.interpreter ?? ""} is no program for this machine`);
  }
  if (error === "ELOOP") {
    return cannot(
      scriptInterpreter(bytes) === undefined
        ? "too many symbolic links"
        : "its #! interpreters go round in circles",
    );
  }
  if (error === "E2BIG") {
    return cannot(
      "the arguments and environment are too long",
      "the kernel takes a quarter of the stack limit (ulimit -s)",
    );
  }
  if (error === "ETXTBSY") return cannot("the file is open for writing");
  return cannot(errnoWords(errno));
}

/** execve(2) says ENOENT for the program although it exists when what should interpret it does not. */
function missingInterpreter(bytes: Uint8Array): Diagnosis {
  const script = scriptInterpreter(bytes);
  if (script !== undefined) {
    if (script.endsWith("\r")) {
      return missing(
        `its first line ends in a carriage return, so its interpreter would be ${JSON.stringify(script)}`,
        "save the script with Unix line ends (dos2unix)",
      );
    }
    return missing(
      `the file exists, but its interpreter ${script} (first line: #!) or that one's loader does not`,
      `put ${script} into the root file system`,
    );
  }
  const elf = readElfHeader(bytes);
  if (elf?.interpreter !== undefined) {
    return missing(
      `the file exists, but its loader ${elf.interpreter} does not`,
      `copy ${elf.interpreter} and the libraries that ldd lists into the root file system, or use a static program`,
    );
  }
  return missing("the file exists, but the loader or interpreter it asks for does not");
}

function refused({ mode, noexec, bytes }: ExecFailure, path: string): Diagnosis {
  if ((mode & 0o170000) !== 0o100000) return cannot("is no regular file");
  if ((mode & 0o111) === 0) return cannot("is not executable", `chmod +x ${path} in the root file system`);
  if (noexec === true) return cannot("is on a mount with the option noexec", "mount it with the option exec");
  const interpreter = scriptInterpreter(bytes) ?? readElfHeader(bytes)?.interpreter;
  const also = interpreter === undefined ? "" : `, or its interpreter ${interpreter} may not`;
  const octal = (mode & 0o7777).toString(8).padStart(4, "0");
  return cannot(`permission denied: this user may not execute it (mode ${octal})${also}`);
}

function wrongFormat(bytes: Uint8Array, path: string): Diagnosis {
  if (bytes.length === 0) return cannot("the file is empty");
  const elf = readElfHeader(bytes);
  if (elf === undefined) {
    return cannot(
      "is no program: neither ELF nor a script that begins with #!",
      `is it a shell script? run: sh ${path}`,
    );
  }
  if (elf.machine === hostArch)
    return cannot(`is a damaged program, or one for another system than ${hostArch} Linux`);
  return cannot(
    `is a program for ${elf.machine}, and this machine is ${hostArch}`,
    "use a root file system made for this machine, or install qemu-user-static on the host",
  );
}

/** The interpreter in a script's first line; undefined: no script. */
function scriptInterpreter(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== 0x23 || bytes[1] !== 0x21) return undefined;
  const end = bytes.indexOf(0x0a);
  const line = new TextDecoder().decode(bytes.subarray(2, end < 0 ? 256 : end));
  return line.replace(/^[ \t]+/, "").split(/[ \t]/)[0];
}

function cannot(problem: string, hint?: string): Diagnosis {
  return { code: "cannot-execute", problem, hint };
}

function missing(problem: string, hint?: string): Diagnosis {
  return { code: "command-not-found", problem, hint };
}
