import { HuskError } from "../../platform/error.ts";
import { installKeeper } from "../../platform/keeper-file.ts";
import { type Failure, List, type Memory, type Plan, type Report } from "../../plan/index.ts";
import { launch } from "../launch.ts";
import type { Runtime } from "./create.ts";

/**
 * Has a keeper perform a few operations that JavaScript has no calls for.
 *
 * @param descriptors of this process, which the list finds as 3, 4, …
 * @throws HuskError of the step that failed, unless `accept` says that failure is none
 */
export async function performList(
  runtime: Runtime,
  list: List,
  options: {
    readonly descriptors?: readonly number[];
    readonly failed?: (report: Report, failure: Failure | undefined) => HuskError | undefined;
    /** Memory whose content is returned. */
    readonly exports?: Map<string, Memory>;
  } = {},
): Promise<ReadonlyMap<string, Uint8Array>> {
  const exports = options.exports ?? new Map<string, Memory>();
  const plan: Plan = { keeper: list, cleanup: new List("afterwards"), exports };
  const launched = await launch(plan, {
    keeper: installKeeper(runtime.keeper, runtime.keeperFolder),
    id: list.process,
    reportDirectory: runtime.root,
    // A full disk keeps nobody from ending a container.
    otherDirectories: ["/dev/shm", "/tmp"],
    stdin: "ignore",
    stdout: 2,
    stderr: 2,
    ...(options.descriptors === undefined ? {} : { descriptors: options.descriptors }),
  });
  const outcome = await launched.outcome;
  if (outcome.kind === "lost") throw new HuskError("failed", `the keeper was killed (${outcome.signal})`);
  if (outcome.report.outcome === "ended") return outcome.report.exports;
  const { failureError, findFailure } = await import("../../plan/index.ts");
  const failure = findFailure(plan, launched.encoded.operations, outcome.report);
  const own = options.failed?.(outcome.report, failure);
  if (own !== undefined) throw own;
  throw failure === undefined
    ? new HuskError("failed", "the keeper failed at an unknown step")
    : failureError(failure);
}
