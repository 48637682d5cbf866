import { type EncodedPlan, type Exec, failureError, findFailure, type Report } from "../../plan/index.ts";
import { HuskError } from "../../platform/error.ts";
import { hintForRootfs, type Mount } from "../../rootfs/index.ts";
import { explainExecFailure } from "../../runtime/program.ts";
import type { PreparedContainer } from "../prepare.ts";

/** The error for a launch that a keeper reports as failed. */
export function launchError(prepared: PreparedContainer, encoded: EncodedPlan, report: Report): HuskError {
  const failure = findFailure(prepared.planned.plan, encoded.operations, report);
  if (failure === undefined)
    return new HuskError("failed", `the keeper failed at an unknown step (${report.ordinal})`);
  if (failure.operation.kind === "exec") return execError(prepared, failure.operation, report);
  return failureError(failure, hintForRootfs);
}

function execError({ spec, rootfs }: PreparedContainer, { paths }: Exec, report: Report): HuskError {
  const path = paths[report.path];
  return explainExecFailure({
    program: spec.process.args[0] as string,
    paths,
    path: report.path,
    errno: report.errno,
    mode: report.detail,
    bytes: report.exhibit,
    rootfs: rootfs.name,
    noexec: path !== undefined && isOnNoexec(spec.mounts ?? [], path),
  });
}

/** Whether the innermost mount of the configuration around `path` forbids executing. */
function isOnNoexec(mounts: readonly Mount[], path: string): boolean {
  let innermost = "";
  let noexec = false;
  for (const { destination, options } of mounts) {
    if (destination.length < innermost.length || !path.startsWith(`${destination}/`)) continue;
    innermost = destination;
    noexec = (options?.lastIndexOf("noexec") ?? -1) > (options?.lastIndexOf("exec") ?? -1);
  }
  return noexec;
}
