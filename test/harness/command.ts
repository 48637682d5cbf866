// Runs programs with a time limit. Output goes through files, not pipes: `/dev/stdout` can be opened, and a
// process that was left behind cannot keep the test waiting for the end of a pipe.
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { exitStatus } from "./exit-status.ts";
import { asUser, type User } from "./user.ts";
import { temporaryFile } from "./temporary.ts";

export interface Result {
  /** Exit status; 128 + n when signal n ended it, as a shell says it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

export interface CommandOptions {
  /** What is read from standard input; nothing (/dev/null) unless given. */
  stdin?: string | Uint8Array;
  /** Added to the environment; undefined removes a variable. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Milliseconds after which the program is killed and this throws; 60,000 unless given. */
  timeout?: number;
  /** Run as this ordinary user; only root can. */
  user?: User;
}

export interface Running {
  readonly pid: number;
  /** The file that its standard output goes to. */
  readonly outputPath: string;
  /** Resolves when the program has ended; rejects when it took longer than its timeout. */
  readonly result: Promise<Result>;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  kill(signal?: NodeJS.Signals): void;
}

/** The environment of the test run, changed by `changes`. */
export function environment(changes: Record<string, string | undefined> = {}): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...process.env, ...changes }))
    if (value !== undefined) result[name] = value;
  return result;
}

/** Runs a program to its end. Throws when it takes longer than its timeout. */
export function run(command: readonly string[], options: CommandOptions = {}): Promise<Result> {
  return start(command, options).result;
}

/** Runs a shell script with `set -eu`; `values` are its positional parameters `$1`, `$2`, …. */
export function shell(script: string, values: readonly string[] = [], options: CommandOptions = {}) {
  return run(["/bin/sh", "-euc", script, "sh", ...values], options);
}

/** Starts a program; the test goes on meanwhile. */
export function start(command: readonly string[], options: CommandOptions = {}): Running {
  const timeout = options.timeout ?? 60_000;
  const argv = options.user === undefined ? [...command] : asUser(options.user, command);
  const [input, output, errors] = [temporaryFile("stdin"), temporaryFile("stdout"), temporaryFile("stderr")];
  if (options.stdin !== undefined) writeFileSync(input, options.stdin);
  const stdin = openSync(options.stdin === undefined ? "/dev/null" : input, "r");
  const [stdout, stderr] = [openSync(output, "a", 0o666), openSync(errors, "a", 0o666)];
  const begin = performance.now();
  const child = Bun.spawn(argv, {
    stdio: [stdin, stdout, stderr],
    env: environment({ ...options.user?.environment, ...options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  for (const descriptor of [stdin, stdout, stderr]) closeSync(descriptor);

  let expired = false;
  const limit = setTimeout(() => {
    expired = true;
    child.kill("SIGKILL");
  }, timeout);
  const finish = async (): Promise<Result> => {
    await child.exited;
    clearTimeout(limit);
    const milliseconds = performance.now() - begin;
    const result = {
      status: exitStatus(child),
      stdout: readFileSync(output, "utf8"),
      stderr: readFileSync(errors, "utf8"),
      milliseconds,
    };
    for (const path of [input, output, errors]) rmSync(path, { force: true });
    if (expired)
      throw new Error(
        `${argv.join(" ")}: still running after ${timeout} ms\n${result.stdout}${result.stderr}`,
      );
    return result;
  };
  return {
    pid: child.pid,
    outputPath: output,
    result: finish(),
    stdout: () => readFileSync(output, "utf8"),
    stderr: () => readFileSync(errors, "utf8"),
    kill: (signal = "SIGTERM") => child.kill(signal),
  };
}
