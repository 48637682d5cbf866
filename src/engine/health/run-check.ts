import { HuskError } from "../../platform/error.ts";
import { exitStatus } from "../../platform/exit-status.ts";
import { type HealthResult, writeHealth } from "../container/health.ts";
import { readHealth } from "../container/read-health.ts";
import { tellContainer } from "../events/container-event.ts";
import { exec } from "../exec/exec.ts";
import type { Home } from "../home.ts";
import { readTarget } from "../life/target.ts";
import { RETRIES, timeoutOf } from "./check.ts";
import { BEGINNING, judge } from "./judge.ts";

const SIGKILL = 9;
/** docker keeps as much of what a check prints. */
const KEPT_BYTES = 4096;

/**
 * Checks a container's health once and writes down how it went. A keeper starts this now and then, one at a time.
 *
 * @returns 0 if it is well
 */
export async function runHealthCheck(home: Home, id: string): Promise<number> {
  const { record, paths, state } = readTarget(home, id);
  const check = record.options.health;
  if (state.status !== "running" || check?.command === undefined || check.command.length === 0) return 1;
  const result = await perform(home, id, check.command, timeoutOf(check));
  // It was started anew, or ended, while the check went on: that says nothing of it.
  const after = readTarget(home, id).state;
  if (after.status !== "running" || after.started !== state.started) return 1;
  const before = readHealth(paths.health) ?? BEGINNING;
  const health = judge(before, result, {
    retries: check.retries || RETRIES,
    startPeriod: check.startPeriod ?? 0,
    started: state.started,
  });
  writeHealth(paths.health, health);
  if (health.status !== before.status) tellContainer(home.folders, record, `health_status: ${health.status}`);
  return result.exitCode === 0 ? 0 : 1;
}

async function perform(
  home: Home,
  id: string,
  command: readonly string[],
  timeout: number,
): Promise<HealthResult> {
  const started = Date.now();
  const ended = (exitCode: number, output: string): HealthResult => ({
    started,
    ended: Date.now(),
    exitCode,
    output,
  });
  let late = false;
  try {
    const program = await exec(home, id, { command }, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const timer = setTimeout(() => {
      late = true;
      program.kill(SIGKILL);
    }, timeout);
    try {
      const [out, err, { exitCode }] = await Promise.all([
        beginningOf(program.stdout),
        beginningOf(program.stderr),
        program.ended,
      ]);
      if (late) return ended(-1, `Health check exceeded timeout (${timeout / 1000}s)`);
      return ended(exitCode, (out + err).slice(0, KEPT_BYTES));
    } finally {
      clearTimeout(timer);
    }
  } catch (error) {
    if (!(error instanceof HuskError)) throw error;
    return ended(exitStatus(error.code), error.message);
  }
}

/** What comes first; the rest is read and forgotten, so that nobody waits for a full pipe. */
async function beginningOf(stream: ReadableStream<Uint8Array> | undefined): Promise<string> {
  if (stream === undefined) return "";
  const kept: Uint8Array[] = [];
  let used = 0;
  for await (const bytes of stream) {
    if (used < KEPT_BYTES) kept.push(bytes.slice(0, KEPT_BYTES - used));
    used += bytes.length;
  }
  return Buffer.concat(kept).toString();
}
