import { type EncodedPlan, type Exec, failureError, findFailure, type Report } from "../plan/index.ts";
import { HuskError } from "../platform/error.ts";
import { explainExecFailure } from "../runtime/program.ts";
import type { HandPlan } from "./hand-plan.ts";

/** What a failed plan means for a person: the program's fault, or a step's. */
export async function handError(hand: HandPlan, encoded: EncodedPlan, report: Report): Promise<HuskError> {
  const own = await hand.explainFailure?.(report, encoded);
  if (own !== undefined) return own;
  const failure = findFailure(hand.plan, encoded.operations, report);
  if (failure === undefined)
    return new HuskError("failed", `the keeper failed at an unknown step (${report.ordinal})`);
  if (failure.operation.kind === "exec") return programError(hand, failure.operation, report);
  return failureError(failure);
}

function programError({ rootfs }: HandPlan, { paths, argv }: Exec, report: Report): HuskError {
  return explainExecFailure({
    program: typeof argv[0] === "string" ? argv[0] : "",
    paths,
    path: report.path,
    errno: report.errno,
    mode: report.detail,
    bytes: report.exhibit,
    rootfs,
  });
}
