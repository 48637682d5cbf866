import type { Restart } from "../../plan/index.ts";
import type { ExitRecord } from "../container/exit.ts";
import type { RestartPolicy } from "../run-options.ts";

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
/** Who has run for so long is not in trouble: its next restart comes soon. */
const STEADY_MS = 10_000;

/** After which ends a keeper starts its container again. `restarts` in a row were so far. */
export function restartOf(policy: RestartPolicy | undefined, restarts: number): Restart["applies"] {
  switch (policy?.kind) {
    case "always":
    case "unless-stopped":
      return "always";
    case "on-failure":
      return policy.retries === undefined || policy.retries === 0 || restarts < policy.retries
        ? "on-failure"
        : "never";
    default:
      return "never";
  }
}

/** Whether the policy wants a container started again that has ended so. */
export function wantsRestart(policy: RestartPolicy | undefined, restarts: number, exitCode: number): boolean {
  const applies = restartOf(policy, restarts);
  return applies === "always" || (applies === "on-failure" && exitCode !== 0);
}

/** Whether the policy wants a container started when the machine has started (docker: when its daemon has). */
export function wantsStartAtBoot(
  policy: RestartPolicy | undefined,
  wasStopped: boolean,
  exitCode: number,
): boolean {
  if (policy?.kind === "always") return true;
  if (wasStopped) return false;
  return policy?.kind === "unless-stopped" || (policy?.kind === "on-failure" && exitCode !== 0);
}

/** How long a keeper waits before it starts its container again: 100 ms, then twice as long each time, a minute at most. */
export function nextDelay(
  before: { readonly delay: number; readonly exit?: ExitRecord | undefined } | undefined,
): number {
  if (before === undefined || before.delay <= 0) return FIRST_DELAY_MS;
  const { exit } = before;
  if (exit !== undefined && exit.lasted >= STEADY_MS) return FIRST_DELAY_MS;
  return Math.min(2 * before.delay, LONGEST_DELAY_MS);
}
