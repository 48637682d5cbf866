/** Bytes of a script's first line that the kernel reads (BINPRM_BUF_SIZE). */
export const FIRST_LINE_BYTES = 256;

/** What a script's first line asks for. */
export interface Shebang {
  /** Path of the program that reads the script. */
  readonly interpreter: string;
  /** The program that env(1) is told to find in PATH, if the interpreter is env. */
  readonly throughEnv: string | undefined;
}

/** Takes `#!INTERPRETER [ARGUMENT]` apart (execve(2)); undefined: no script. */
export function readShebang(start: Uint8Array): Shebang | undefined {
  if (start[0] !== 0x23 || start[1] !== 0x21) return undefined;
  const bytes = start.subarray(2, FIRST_LINE_BYTES);
  const end = bytes.indexOf(0x0a);
  const line = new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end)).trim();
  const blank = line.search(/[ \t]/);
  const interpreter = blank < 0 ? line : line.slice(0, blank);
  const isEnv = interpreter.slice(interpreter.lastIndexOf("/") + 1) === "env";
  return {
    interpreter,
    throughEnv: isEnv && blank >= 0 ? programOfEnv(line.slice(blank).trim()) : undefined,
  };
}

/** The program in `env [OPTION]… [NAME=VALUE]… PROGRAM`; -S (--split-string) splits the rest into words. */
function programOfEnv(argument: string): string | undefined {
  const split = /^(?:-\w*S|--split-string(?:=|[ \t]+))\s*(.*)$/.exec(argument);
  // Without -S the kernel hands over one argument, blanks and all.
  if (split === null) return /^-|=/.test(argument) ? undefined : argument;
  const words = (split[1] as string).split(/[ \t]+/).map((word) => word.replace(/^(["'])(.*)\1$/, "$2"));
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === "-u" || word === "-C") at++;
    else if (!word.startsWith("-") && !word.includes("=") && word !== "") return word;
  }
  return undefined;
}
