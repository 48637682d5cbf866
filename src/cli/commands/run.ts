import {
  runAttached,
  runDetached,
  type RunHow,
  type RunOptions,
  type RunResult,
} from "../../engine/index.ts";
import type { ImageOptions } from "../../engine/image-source.ts";
import { DETACH_KEYS } from "../../engine/attach/detach-keys.ts";
import { readSettings } from "../../engine/settings/read-settings.ts";
import { HuskError } from "../../platform/error.ts";
import { parseRun, type RunRequest } from "../flags/run-options.ts";
import { holdSignals } from "../forward-signals.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { oneLine, printError } from "../stderr.ts";

const SIGKILL = 9;

/** `husk run`: a container in the foreground, whose exit status is the program's; or one that lives on its own. */
export async function run(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const request = parseRun("run", argv, from, globals);
  if (request === undefined) {
    const { printHelp } = await import("./help.ts");
    return printHelp(["run"]);
  }
  const { explain, detach } = request;
  const { options } = request;
  if (options.tty === true && options.interactive === true && !detach) {
    const { refuseWithoutTerminal } = await import("../terminal.ts");
    refuseWithoutTerminal();
  }
  const cidfile =
    request.cidfile === undefined ? undefined : (await import("../cidfile.ts")).beginCidfile(request.cidfile);
  try {
    const { options: complete, release } = await fromImage(request, globals);
    try {
      const created = (id: string): void => cidfile?.write(id);
      if (detach) return await runInBackground(complete, globals, created);
      const how = { ...streamsOf(request), ...(explain ? { timed: true } : {}) };
      const result = await runInForeground(complete, globals, how, created);
      if (result === undefined) return 0;
      if (explain) await printTrace(request, result);
      return result.exitCode;
    } finally {
      release();
    }
  } finally {
    cidfile?.close();
  }
}

/** `-d`: the id goes to stdout once the program is executed. */
async function runInBackground(
  options: RunOptions,
  globals: Globals,
  created: (id: string) => void,
): Promise<number> {
  const { record, warnings } = await runDetached(homeOf(globals), options, { created });
  for (const warning of warnings) printError(oneLine(`husk: warning: ${warning}`));
  console.log(record.id);
  return 0;
}

/** `-a` chooses streams; the keys that leave the container alone count at a terminal only. */
function streamsOf({ attach, options, detachKeys }: RunRequest): RunHow {
  const ofNobody = (name: (typeof attach)[number]): boolean => attach.length > 0 && !attach.includes(name);
  const terminal = options.tty === true && options.interactive === true;
  return {
    ...(ofNobody("stdin") ? { stdin: "ignore" as const } : {}),
    ...(ofNobody("stdout") ? { stdout: "ignore" as const } : {}),
    ...(ofNobody("stderr") ? { stderr: "ignore" as const } : {}),
    ...(terminal ? { detachKeys: detachKeys ?? readSettings().detachKeys ?? DETACH_KEYS } : {}),
  };
}

/**
 * Runs a container to its end with the caller's input and output, and passes on signals.
 *
 * @param created is told the container's id
 * @returns undefined when somebody typed the keys that leave the container alone
 * @throws HuskError as the engine does, or when the container was ended by force
 */
export async function runInForeground(
  options: RunOptions,
  globals: Globals,
  how: RunHow,
  created: (id: string) => void = () => {},
): Promise<RunResult | undefined> {
  const signals: { passOn?: ReturnType<typeof holdSignals> } = {};
  const starting = (): void => {
    if (options.sigProxy !== false) signals.passOn = holdSignals();
  };
  const container = await runAttached(homeOf(globals), options, { ...how, starting });
  created(container.id);
  for (const warning of container.warnings) printError(oneLine(`husk: warning: ${warning}`));
  let isForced = false;
  const force = (): void => {
    isForced = true;
    container.kill(SIGKILL);
  };
  // With a terminal, keys go to the program as they are; what comes here was sent on purpose.
  signals.passOn?.(container.kill, options.tty === true ? undefined : force);
  const result = await (how.detachKeys === undefined
    ? container.ended
    : Promise.race([container.ended, leftAlone()]));
  if (result === undefined) return undefined;
  if (isForced) throw new HuskError("failed", "got 3 SIGTERM or SIGINT: the container was ended by force");
  if (result.outputLost !== undefined) {
    printError(`husk: output was lost: ${result.outputLost} — husk logs has it, unless --rm was given`);
    if (result.exitCode === 0) return { ...result, exitCode: 125 };
  }
  if (result.timedOut) printError("husk: the time of --timeout is over: the container was killed");
  return result;
}

/** The keeper says by this signal that the keys were typed, and goes on without us. */
function leftAlone(): Promise<undefined> {
  return new Promise((resolve) => {
    process.removeAllListeners("SIGUSR2");
    process.once("SIGUSR2", () => resolve(undefined));
  });
}

/** The options, with those of an image, which is pulled if it is missing. */
export async function fromImage({ options, image }: RunRequest, globals: Globals): Promise<ImageOptions> {
  if (image === undefined) return { options, release: () => {} };
  const { withImage } = await import("../../engine/image-source.ts");
  return withImage(homeOf(globals), options, image, async () =>
    (await import("../pull-progress.ts")).pullProgress(image.quiet),
  );
}

/** The measured plan on stderr, as time(1) and strace(1) do: stdout is the program's. */
async function printTrace(request: RunRequest, { trace }: RunResult): Promise<void> {
  if (trace === undefined) return;
  const { formatPlan } = await import("../format-plan.ts");
  printError(formatPlan(trace.prepared.planned.plan, trace.report, request.format, 2));
}
