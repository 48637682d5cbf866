import {
  type EncodedPlan,
  errnoName,
  failureError,
  findFailure,
  type Plan,
  type Report,
} from "../../plan/index.ts";
import type { OwnIds } from "../../namespace/index.ts";
import { HuskError } from "../../platform/error.ts";
import { launch, type Launched } from "../../runtime/launch.ts";
import { type ByteString, displayName } from "../tar/index.ts";
import type { Finish } from "./finish.ts";
import { finishPlans } from "./finish-plan.ts";

/** What it takes to have the keeper do something. */
export interface KeeperTools {
  /** The keeper's executable. */
  readonly keeper: string;
  /** A folder of husk's own for the report's nameless file. */
  readonly reportDirectory: string;
  /**
   * A descriptor of this process for the folder that is worked on, where the keeper could not reach it by a path;
   * absent: it goes by the path.
   */
  readonly folder?: number;
  /** Of an ordinary user with a range of ids: files may belong to those. */
  readonly ids?: OwnIds;
  /**
   * How a husk is started that packs folders in a user namespace of `ids`, to which what and the folders are added;
   * absent: folders are packed with this process's rights.
   */
  readonly packer?: readonly string[];
}

/**
 * Has the keeper do what is left of a layer below `root`.
 *
 * @param warn is told of attributes that the file system or this user cannot have
 * @param lostMarks is told which folders cannot be marked as opaque; absent: that is an error
 * @throws HuskError naming the call and the path that failed
 */
export async function finishLayer(
  root: string,
  paths: ReadonlyMap<ByteString, Finish>,
  tools: KeeperTools,
  warn: (message: string) => void,
  lostMarks?: (paths: readonly ByteString[]) => void,
): Promise<void> {
  const unmarked: ByteString[] = [];
  if (paths.size === 0) return;
  const place = tools.folder === undefined ? root : "/proc/self/fd/3/.";
  for (const { plan, attributes } of finishPlans(place, paths, tools.ids)) {
    const report = await perform(plan, tools);
    const results = report.exports.get("xattrs") as Uint8Array;
    const view = new DataView(results.buffer, results.byteOffset, results.length);
    const lost = new Map<string, ByteString[]>();
    for (const [i, [path, name]] of attributes.entries()) {
      const result = view.getInt32(4 * i, true);
      if (result >= 0) continue;
      if (name.endsWith(".overlay.opaque")) {
        unmarked.push(path);
        continue;
      }
      const why = `${name} (${errnoName(-result)})`;
      lost.set(why, [...(lost.get(why) ?? []), path]);
    }
    for (const [what, of] of lost) {
      const more = of.length > 1 ? ` and ${of.length - 1} more` : "";
      warn(`the attribute ${what} of ${displayName(of[0] ?? "")}${more} was left out: not possible here`);
    }
  }
  if (unmarked.length === 0) return;
  if (lostMarks === undefined)
    throw new HuskError("unavailable", `the file system of ${root} has no attributes for overlays`, {
      hint: "put --root on another (ext4, xfs, btrfs), or run husk as root",
    });
  lostMarks(unmarked);
}

/** Performs a plan without a container and returns its report. */
export async function perform(plan: Plan, tools: KeeperTools): Promise<Report> {
  const launched = await launch(plan, {
    keeper: tools.keeper,
    id: "layer",
    reportDirectory: tools.reportDirectory,
    stdin: "ignore",
    stdout: "ignore",
    stderr: 2,
    ...(tools.folder === undefined ? {} : { descriptors: [tools.folder] }),
  });
  return settled(plan, launched);
}

/** The report of a plan without a container, once it is performed. */
export async function settled(plan: Plan, { outcome, encoded }: Launched): Promise<Report> {
  const ended = await outcome;
  if (ended.kind === "lost") throw new HuskError("failed", `husk's keeper was killed (${ended.signal})`);
  if (ended.report.outcome === "failed") throw workError(plan, encoded, ended.report);
  return ended.report;
}

function workError(plan: Plan, encoded: EncodedPlan, report: Report): HuskError {
  const failure = findFailure(plan, encoded.operations, report);
  if (failure === undefined)
    return new HuskError("failed", `the keeper failed at an unknown step (${report.ordinal})`);
  return failureError(failure, ({ call, errno }) => {
    if (call === "mknodat" && errno === "EPERM")
      return "devices and whiteouts need root, or (whiteouts alone) a user namespace";
    if (call === "fchownat" && errno === "EINVAL")
      return "the image has files of ids beyond this user's range: as root, usermod --add-subuids and --add-subgids give more";
    return errno === "ENOSPC" ? "the disk is full" : undefined;
  });
}
