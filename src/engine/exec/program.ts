import { HuskError } from "../../platform/error.ts";
import type { Process } from "../../runtime/config.ts";
import type { UserSpec } from "../run-options.ts";
import { setVariables } from "../spec/environment.ts";
import { type Accounts, resolveUser } from "../user.ts";
import type { Entry } from "./entry.ts";

/** A program to run in a container that runs already (docker exec). */
export interface ExecOptions {
  /** Program and arguments; looked up in the container. */
  readonly command: readonly string[];
  /** Keep standard input open; otherwise the program reads from /dev/null. */
  readonly interactive?: boolean;
  /** Give the program a terminal of its own. */
  readonly tty?: boolean;
  /** Absent: the container's user. */
  readonly user?: UserSpec;
  /** Absolute path in the container; absent: the container's. */
  readonly workdir?: string;
  /** `NAME=value`, or `NAME` for the caller's own; added to the container's environment. */
  readonly env?: readonly string[];
  /** All capabilities; the container's system call filter, labels and devices stay. */
  readonly privileged?: boolean;
}

/** What is known of the container's insides and of husk's rights. */
export interface ExecFacts {
  /** Its /etc/passwd and /etc/group; asked for only for another user than its own. */
  accounts(): Accounts;
  /** Names of the capabilities that husk can hand on to it. */
  capabilities(): readonly string[];
  /** husk's own environment. */
  readonly caller: Readonly<Record<string, string | undefined>>;
}

/**
 * What runs: the container's own settings, changed by what is asked for.
 *
 * @throws HuskError "invalid" for no command; "cannot-execute" for a relative folder or an unknown user
 */
export function programOf(options: ExecOptions, { process }: Entry, facts: ExecFacts): Process {
  const { command, tty = false, user, workdir, env = [], privileged = false } = options;
  if (command.length === 0) throw new HuskError("invalid", "exec: the program to run is missing");
  if (workdir !== undefined && !workdir.startsWith("/"))
    throw new HuskError("cannot-execute", `working directory "${workdir}": not an absolute path`, {
      hint: "--workdir /path/in/the/container",
    });
  const program: Process = { ...process, args: [...command], terminal: tty };
  program.env = [...(process.env ?? [])];
  if (tty && !program.env.some((entry) => entry.startsWith("TERM="))) program.env.push("TERM=xterm");
  if (user !== undefined) {
    const { user: ids, home } = userIn(user, facts);
    program.user = { ...process.user, ...ids };
    setVariables(program.env, [`HOME=${home}`], facts.caller);
  }
  setVariables(program.env, env, facts.caller);
  if (workdir !== undefined) program.cwd = workdir;
  if (user !== undefined || privileged) {
    const bounding = [...(privileged ? facts.capabilities() : (process.capabilities?.bounding ?? []))];
    // As execve(2) would leave it: only uid 0 gets the bounding set at once.
    program.capabilities =
      program.user.uid === 0 ? { bounding, effective: bounding, permitted: bounding } : { bounding };
  }
  return program;
}

function userIn(user: UserSpec, facts: ExecFacts): ReturnType<typeof resolveUser> {
  const accounts = facts.accounts();
  try {
    return resolveUser(user, undefined, accounts);
  } catch (error) {
    throw error instanceof HuskError ? cannotExecute(error) : error;
  }
}

/**
 * What of a program's surroundings cannot be had in the container keeps it from being executed: for docker exec that is
 * the program's matter (126), and not its own (1).
 */
export function cannotExecute({ message, hint, cause }: HuskError): HuskError {
  return new HuskError("cannot-execute", message, { cause, ...(hint === undefined ? {} : { hint }) });
}
