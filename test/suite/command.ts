import { repository } from "../harness/husk.ts";

/**
 * Runs a program with no input and the output of `options.output` (a descriptor; this terminal's unless given), and
 * returns its exit status.
 *
 * After `minutes` it is ended (SIGTERM, and SIGKILL when that does not help) and the status is 124.
 */
export async function runProgram(
  command: readonly string[],
  options: { env?: Record<string, string>; minutes?: number; output?: number } = {},
): Promise<number> {
  const child = Bun.spawn([...command], {
    cwd: repository,
    env: options.env ?? { ...(process.env as Record<string, string>) },
    stdio: ["ignore", options.output ?? "inherit", options.output ?? "inherit"],
  });
  const limit = (options.minutes ?? 10) * 60_000;
  let expired = false;
  const timers = [
    setTimeout(() => {
      expired = true;
      child.kill("SIGTERM");
    }, limit),
    setTimeout(() => child.kill("SIGKILL"), limit + 20_000),
  ];
  await child.exited;
  for (const timer of timers) clearTimeout(timer);
  return expired ? 124 : (child.exitCode ?? 128);
}
