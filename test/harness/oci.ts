// OCI runtimes side by side: husk-oci and runc, each with a state folder of its own, given the same commands.
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bundle } from "./bundle.ts";
import { type CommandOptions, type Result, run } from "./command.ts";
import { huskOciPath } from "./husk.ts";
import { findCommand } from "./needs.ts";
import { temporaryFile, temporaryFolder } from "./temporary.ts";
import { waitFor } from "./wait-for.ts";

export interface OciRuntime {
  readonly name: "husk" | "runc";
  /** Folder of the containers' states. */
  readonly root: string;
  /** `RUNTIME ARGUMENTS…` to its end. */
  call(args: readonly string[], options?: CommandOptions): Promise<Result>;
  /** The same; throws unless it succeeds. */
  must(args: readonly string[], options?: CommandOptions): Promise<string>;
  /** The `status` that `state` shows. */
  status(id: string): Promise<string>;
  pid(id: string): Promise<number>;
  /** Waits for a container's end. */
  stopped(id: string): Promise<void>;
}

function runtime(name: "husk" | "runc", program: readonly string[], env: Record<string, string>): OciRuntime {
  const root = join(temporaryFolder("states", 0o700), name);
  const call = (args: readonly string[], options: CommandOptions = {}): Promise<Result> =>
    run([...program, "--root", root, ...args], { ...options, env: { ...env, ...options.env } });
  const must = async (args: readonly string[], options?: CommandOptions): Promise<string> => {
    const { status, stdout, stderr } = await call(args, options);
    if (status !== 0) throw new Error(`${name} ${args.join(" ")}: status ${status}: ${stderr}`);
    return stdout;
  };
  const state = async (id: string): Promise<{ status: string; pid: number }> =>
    JSON.parse(await must(["state", id]));
  const status = async (id: string): Promise<string> => (await state(id)).status;
  return {
    name,
    root,
    call,
    must,
    status,
    pid: async (id) => (await state(id)).pid,
    stopped: async (id) =>
      void (await waitFor(`the end of ${id}`, async () => (await status(id)) === "stopped")),
  };
}

/** husk as an OCI runtime, with an engine of its own. */
export function huskRuntime(): OciRuntime {
  const env = { HUSK_ROOT: temporaryFolder("root", 0o700), HUSK_RUN: temporaryFolder("run", 0o700) };
  return runtime("husk", [huskOciPath], env);
}

/** The runtime husk is compared with (package runc). */
export function runcRuntime(): OciRuntime {
  return runtime("runc", [findCommand("runc") ?? "runc"], {});
}

/**
 * What a command of either runtime answered, without what has to differ: names, times, process ids, and husk's hints
 * behind the dash.
 */
export function comparable({
  status,
  stdout,
  stderr,
}: Result): readonly [status: number, stdout: string, stderr: string] {
  const same = (text: string): string =>
    text
      // runc's, where an ordinary user has no control groups.
      .replaceAll(
        /^.*level=warning msg="(?:container's cgroup is not|DEPRECATED: running|unable to get oom).*\n/gm,
        "",
      )
      .replaceAll(/\b(husk|runc)\b/g, "RUNTIME")
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
      .replaceAll(/("pid": ?)\d{2,}/g, "$1PID")
      .replaceAll(/\b\d{3,}\b/g, "N")
      // ps(1) fills its columns up, unless a process id is as wide.
      .replaceAll(/ +/g, " ")
      .replaceAll(/^ /gm, "")
      .replaceAll(/ — .*?(?="?\n)/g, "");
  return [status, same(stdout), same(stderr)];
}

/**
 * A script that is husk-oci with an engine of its own, for callers that choose the environment of what they start.
 * `calls` gets a line for each call.
 */
export async function huskOciScript(): Promise<{ path: string; calls(): string[] }> {
  const [path, log] = [temporaryFile("husk-oci"), temporaryFile("calls")];
  const script = `#!/bin/sh
export HUSK_ROOT=${temporaryFolder("root", 0o700)} HUSK_RUN=${temporaryFolder("run", 0o700)}
echo "$*" >> ${log}
exec ${huskOciPath} "$@"
`;
  await Bun.write(path, script);
  await run(["chmod", "755", path]);
  return { path, calls: () => readFileSync(log, "utf8").trimEnd().split("\n") };
}

/** Gives both runtimes the same commands and compares each answer; `*` in a command is waiting for the end of `id`. */
export async function compareRuntimes(
  bundle: Bundle,
  commands: readonly (readonly string[])[],
  id = "one",
): Promise<void> {
  const [husk, runc] = [huskRuntime(), runcRuntime()];
  try {
    for (const command of commands) {
      if (command[0] === "*") {
        await Promise.all([husk.stopped(id), runc.stopped(id)]);
        continue;
      }
      const options = { cwd: bundle.path };
      const wanted = comparable(await runc.call(command, options));
      expect([command, ...comparable(await husk.call(command, options))]).toEqual([command, ...wanted]);
    }
  } finally {
    await Promise.all([husk.call(["delete", "--force", id]), runc.call(["delete", "--force", id])]);
  }
}
