import { Exec, Keep, type List, quote, type Result } from "../plan/index.ts";
import { programPaths } from "../runtime/program-paths.ts";
import { callerOpenFiles, restoreOpenFiles } from "../runtime/process/rlimits.ts";

/** A program to become, with the caller's environment. */
export interface Program {
  readonly paths: readonly string[];
  readonly argv: readonly string[];
  readonly env: readonly string[];
}

/** The program a command line names; without one the caller's shell as a login shell, as chroot(1) has it. */
export function programOrShell(
  command: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Program {
  const env: string[] = [];
  for (const name in environment) {
    const value = environment[name];
    if (value !== undefined) env.push(`${name}=${value}`);
  }
  const name = command[0];
  if (name !== undefined) return { paths: programPaths(name, env), argv: command, env };
  const shell = environment["SHELL"] || "/bin/sh";
  return { paths: [shell], argv: [`-${shell.slice(shell.lastIndexOf("/") + 1)}`], env };
}

/** The last steps of a process: it becomes the program. */
export function becomeProgram(list: List, { paths, argv, env }: Program): void {
  restoreOpenFiles(list, [], callerOpenFiles());
  const shown = paths.length === 1 && argv[0]?.startsWith("-") ? [paths[0] as string] : argv;
  list.step(
    `execute ${shown[0]}`,
    "the set-up ends and the program begins; no descriptor above 2 is left",
    () => `exec ${shown.map(quote).join(" ")}`,
  );
  list.add(new Exec(paths, argv, env)).object = `"${shown[0]}"`;
}

/** The keeper's last step: it stays until the program has ended. */
export function keepProgram(keeper: List, pid: Result): void {
  keeper.step("wait", "pass on signals that are sent to husk, and the exit status");
  keeper.add(new Keep({ pid, forwardSignals: true }));
}
