import type { EncodedPlan, Plan, Report } from "../plan/index.ts";
import { HuskError } from "../platform/error.ts";
import { launch } from "../runtime/launch.ts";

/** One part of a container, made by hand: its plan, and what a person has to know about it. */
export interface HandPlan {
  readonly plan: Plan;
  /** Folder in which the program is looked up, for errors; absent: this machine's root. */
  readonly rootfs?: string;
  /** The same as a shell script, without its first line. */
  readonly shell: () => string;
  /** What cannot stand in a plan and has to be done before it. */
  readonly before?: (() => void) | undefined;
  /** What has to be waited for behind it; may throw a HuskError. */
  readonly after?: (() => void) | undefined;
  /** Better words for a failed step than the plan's own; undefined: the plan's own. */
  readonly explainFailure?: (
    report: Report,
    encoded: EncodedPlan,
  ) => HuskError | undefined | Promise<HuskError | undefined>;
}

/** What it takes to carry out a plan. */
export interface HandTools {
  /** The keeper's executable. */
  readonly keeper: string;
  /** A folder of this user's own for the report's nameless file. */
  readonly folder: string;
  /** Shown beside the keeper in process lists. */
  readonly name: string;
  readonly timed: boolean;
  /** Called once the keeper runs, with what sends it a signal. */
  readonly started?: (send: (signal: number) => void) => void;
}

/** How it went. */
export interface HandResult {
  /** The program's exit status; 128 + n after signal n; 0 without a program. */
  readonly exitCode: number;
  /** Signal that ended the program, or 0. */
  readonly signal: number;
  /** Absent if a signal came before there was a program. */
  readonly report?: Report;
}

/**
 * Performs a plan with the caller's input, output and terminal, and waits for its end.
 *
 * @throws HuskError for the step that failed; "command-not-found" or "cannot-execute" for the program
 */
export async function perform(hand: HandPlan, tools: HandTools): Promise<HandResult> {
  hand.before?.();
  const { keeper, outcome, encoded } = await launch(hand.plan, {
    keeper: tools.keeper,
    id: tools.name,
    reportDirectory: tools.folder,
    stdin: 0,
    stdout: 1,
    stderr: 2,
    timed: tools.timed,
    foreground: true,
  });
  tools.started?.((signal) => keeper.kill(signal));
  const ended = await outcome;
  if (ended.kind === "lost" && ended.sent > 0) return { exitCode: 128 + ended.sent, signal: ended.sent };
  if (ended.kind === "lost") throw new HuskError("failed", `husk's keeper was killed (${ended.signal})`);
  const { report } = ended;
  if (report.outcome === "failed") {
    const { handError } = await import("./hand-error.ts");
    throw await handError(hand, encoded, report);
  }
  hand.after?.();
  return { exitCode: report.exitCode, signal: report.exitSignal, report };
}
