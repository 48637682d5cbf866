import { type EncodedPlan, failureError, findFailure, type Plan, type Report } from "../../plan/index.ts";
import { HuskError } from "../../platform/error.ts";
import { explainExecFailure } from "../../runtime/program.ts";
import { cannotExecute } from "./program.ts";

/**
 * The error for an exec that a keeper reports as failed.
 *
 * @param rootfs where the container's root file system comes from, in words for people
 */
export function execError(plan: Plan, encoded: EncodedPlan, report: Report, rootfs: string): HuskError {
  const failure = findFailure(plan, encoded.operations, report);
  if (failure === undefined)
    return new HuskError("failed", `the keeper failed at an unknown step (${report.ordinal})`);
  const { operation } = failure;
  if (operation.kind !== "exec") return cannotExecute(failureError(failure));
  const { path, errno, detail, exhibit } = report;
  const program = operation.argv[0] as string;
  return explainExecFailure({
    program,
    paths: operation.paths,
    path,
    errno,
    mode: detail,
    bytes: exhibit,
    rootfs,
  });
}
