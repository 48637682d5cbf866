import { runAttached, type RunHow, type RunOptions, type RunResult } from "../../engine/index.ts";
import type { ImageOptions } from "../../engine/image-source.ts";
import { HuskError } from "../../platform/error.ts";
import { parseRun, type RunRequest } from "../flags/run-options.ts";
import { forwardSignals } from "../forward-signals.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { oneLine, printError } from "../stderr.ts";

const SIGKILL = 9;

/** `husk run`: a container in the foreground. The exit status is the program's. */
export async function run(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const request = parseRun("run", argv, from, globals);
  if (request === undefined) {
    const { printHelp } = await import("./help.ts");
    return printHelp(["run"]);
  }
  const { explain } = request;
  const { options, release } = await fromImage(request, globals);
  if (options.tty === true && options.interactive === true) {
    const { refuseWithoutTerminal } = await import("../terminal.ts");
    refuseWithoutTerminal();
  }
  try {
    const result = await runInForeground(options, globals, explain ? { timed: true } : {});
    if (explain) await printTrace(request, result);
    return result.exitCode;
  } finally {
    release();
  }
}

/**
 * Runs a container to its end with the caller's input and output, and passes on signals.
 *
 * @throws HuskError as the engine does, or when the container was ended by force
 */
export async function runInForeground(
  options: RunOptions,
  globals: Globals,
  how: RunHow,
): Promise<RunResult> {
  const container = await runAttached(homeOf(globals), options, how);
  for (const warning of container.warnings) printError(oneLine(`husk: warning: ${warning}`));
  let isForced = false;
  const force = (): void => {
    isForced = true;
    container.kill(SIGKILL);
  };
  // With a terminal, keys go to the program as they are; what comes here was sent on purpose.
  if (options.sigProxy !== false) forwardSignals(container.kill, options.tty === true ? undefined : force);
  const result = await container.ended;
  if (isForced) throw new HuskError("failed", "got 3 SIGTERM or SIGINT: the container was ended by force");
  if (result.timedOut) printError("husk: the time of --timeout is over: the container was killed");
  return result;
}

/** The options, with those of an image, which is pulled if it is missing. */
export async function fromImage({ options, image }: RunRequest, globals: Globals): Promise<ImageOptions> {
  if (image === undefined) return { options, release: () => {} };
  const { withImage } = await import("../../engine/image-source.ts");
  const { pullProgress } = await import("../pull-progress.ts");
  return withImage(homeOf(globals), options, image, pullProgress(image.quiet));
}

/** The measured plan on stderr, as time(1) and strace(1) do: stdout is the program's. */
async function printTrace(request: RunRequest, { trace }: RunResult): Promise<void> {
  if (trace === undefined) return;
  const { formatPlan } = await import("../format-plan.ts");
  printError(formatPlan(trace.prepared.planned.plan, trace.report, request.format, 2));
}
