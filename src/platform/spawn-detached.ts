import { spawn } from "node:child_process";

/**
 * Starts a program that nobody waits for, in a session of its own, without input and output.
 *
 * @param command path first
 * @param environment all of it, `NAME=value`
 */
export function spawnDetached(command: readonly string[], environment: readonly string[]): void {
  const [path = "", ...args] = command;
  const env: Record<string, string> = {};
  for (const entry of environment) {
    const equals = entry.indexOf("=");
    env[entry.slice(0, equals)] = entry.slice(equals + 1);
  }
  const child = spawn(path, args, { detached: true, stdio: "ignore", cwd: "/", env });
  // It is not there any more, or no process can be started: the next command finds the same to do.
  child.on("error", () => {});
  child.unref();
}
