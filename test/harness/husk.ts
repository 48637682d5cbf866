// husk as a person uses it: the built executable, with an engine of its own (state folders in a temporary
// folder), so that tests touch nobody else's containers.
import { chownSync } from "node:fs";
import { join } from "node:path";
import { type CommandOptions, type Result, type Running, start } from "./command.ts";
import { temporaryFolder } from "./temporary.ts";
import type { User } from "./user.ts";

/** The top folder of the repository. */
export const repository = join(import.meta.dirname, "../..");
export const huskPath = join(repository, "dist/husk");
export const huskOciPath = join(repository, "dist/husk-oci");

export interface Engine {
  /** HUSK_ROOT */
  readonly root: string;
  /** HUSK_RUN */
  readonly run: string;
  /** `husk ARGUMENTS…` to its end. */
  husk(args: readonly string[], options?: CommandOptions): Promise<Result>;
  /** The same; throws unless it succeeds and says nothing beside its output, but for how much `cp` copied. */
  must(args: readonly string[], options?: CommandOptions): Promise<string>;
  /** `husk ARGUMENTS…` that goes on while the test does. */
  start(args: readonly string[], options?: CommandOptions): Running;
}

/** A new engine with empty state folders; all its commands run as `user` when given (only root can). */
export function engine(user?: User): Engine {
  const [root, runFolder] = [temporaryFolder("root", 0o700), temporaryFolder("run", 0o700)];
  if (user !== undefined) for (const folder of [root, runFolder]) chownSync(folder, user.uid, user.gid);
  const begin = (args: readonly string[], options: CommandOptions = {}): Running =>
    start([huskPath, ...args], {
      ...(user === undefined ? {} : { user }),
      ...options,
      env: { HUSK_ROOT: root, HUSK_RUN: runFolder, ...options.env },
    });
  const must = async (args: readonly string[], options?: CommandOptions): Promise<string> => {
    const { status, stdout, stderr } = await begin(args, options).result;
    const said = args[0] === "cp" ? stderr.replace(/^Successfully copied .*\n/, "") : stderr;
    if (status !== 0 || said !== "") throw new Error(`husk ${args.join(" ")}: status ${status}: ${stderr}`);
    return stdout;
  };
  return { root, run: runFolder, start: begin, husk: (args, options) => begin(args, options).result, must };
}

let shared: Engine | undefined;

/** `husk ARGUMENTS…` to its end, in the engine that the tests of this run share. */
export function husk(args: readonly string[], options?: CommandOptions): Promise<Result> {
  shared ??= engine();
  return shared.husk(args, options);
}

/** `husk ARGUMENTS…` that goes on while the test does, in the shared engine. */
export function startHusk(args: readonly string[], options?: CommandOptions): Running {
  shared ??= engine();
  return shared.start(args, options);
}
