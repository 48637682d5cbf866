import { type Complaint, errnoWords, type Failure, failureError, type Report } from "../../plan/index.ts";
import { HuskError } from "../../platform/error.ts";
import { programMissing, programRefused } from "../process/find-program.ts";
import { hookOutput } from "../process/hooks.ts";
import { explainExecFailure } from "../program.ts";
import type { ContainerState } from "./state.ts";

const prefix = "unable to start container process: ";

/** What a program's execution failed at, as a keeper's report or a complaint has it. */
export interface ExecFacts {
  readonly name: string;
  readonly paths: readonly string[];
  readonly path: number;
  readonly errno: number;
  readonly detail: number;
  readonly exhibit: Uint8Array;
}

/**
 * The error for a step of a container's set-up that failed, in the words by which engines know runc's: they look for
 * `executable file not found`, `permission denied` and the like.
 */
export function setupError(failure: Failure | undefined, report: Report, rootfs: string): HuskError {
  if (failure === undefined)
    return new HuskError("failed", `${prefix}the keeper failed at an unknown step (${report.ordinal})`);
  const { operation } = failure;
  if (operation.kind === "exec") {
    const hook = isHook(operation.object);
    if (hook)
      return new HuskError("failed", `error running ${operation.object}: ${errnoWords(report.errno)}`);
    const name = operation.argv[0] as string;
    return execError({ ...report, name, paths: operation.paths }, rootfs);
  }
  if (operation.kind === "wait" && isHook(operation.object)) {
    const output = hookOutput(report.exports);
    return new HuskError(
      "failed",
      `error running ${operation.object}: ${waitWords(report)}, output: ${output}`,
    );
  }
  if (operation.object?.startsWith("exec: ")) {
    // The words of find-program.ts; a file that exists and is refused is another matter than one that is missing.
    const refused = errnoWords(report.errno) === "permission denied";
    const name = JSON.parse(/^exec: ("(?:[^"\\]|\\.)*")/.exec(operation.object)?.[1] ?? '""') as string;
    return new HuskError(
      refused ? "cannot-execute" : "command-not-found",
      `${prefix}${refused ? programRefused(name) : operation.object}`,
    );
  }
  const error = failureError(failure);
  return new HuskError(error.code, `${prefix}error during container init: ${error.message}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}

function isHook(object: string | undefined): boolean {
  return object !== undefined && / hook #\d+ /.test(object);
}

function waitWords({ detail, errno }: Report): string {
  if (errnoWords(errno) === "timed out") return "signal: killed: its time is over";
  const signal = detail & 0x7f;
  return signal !== 0 ? `signal: ${signal}` : `exit status ${(detail >> 8) & 0xff}`;
}

/** The error for a program that exists, or did, and could not be executed. */
export function execError(facts: ExecFacts, rootfs: string): HuskError {
  const { name, paths, path, errno, detail, exhibit } = facts;
  const explained = explainExecFailure({
    program: name,
    paths,
    path,
    errno,
    mode: detail,
    bytes: exhibit,
    rootfs,
  });
  let message = `exec ${paths[path] ?? name}: ${errnoWords(errno)}`;
  if (path < 0) message = programMissing(name);
  else if (errnoWords(errno) === "permission denied") message = programRefused(name);
  const hint = explained.hint === undefined ? explained.message : `${explained.message} — ${explained.hint}`;
  return new HuskError(explained.code, `${prefix}${message}`, { hint });
}

/** The error for what a container failed at after its start. */
export function startError(complaint: Complaint, { program, rootfs }: ContainerState): HuskError {
  if (program !== undefined && complaint.ordinal === program.ordinal)
    return execError({ ...complaint, name: program.name, paths: program.paths }, rootfs);
  const ended = errnoWords(complaint.errno) === "no child processes"; // a process that was waited for
  const reason = ended ? `exit status ${(complaint.detail >> 8) & 0xff}` : errnoWords(complaint.errno);
  return new HuskError("failed", `error running startContainer hook: ${reason}`);
}
