import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { lacksMarks } from "../../image/index.ts";
import { findFailure } from "../../plan/index.ts";
import { HuskError } from "../../platform/error.ts";
import { installKeeper } from "../../platform/keeper-file.ts";
import { ownIdentity } from "../../platform/process-identity.ts";
import { writeError } from "../../platform/whole-file.ts";
import { launch } from "../../runtime/launch.ts";
import { makeWritable } from "../container/writable.ts";
import type { Home } from "../home.ts";
import { openImages } from "../image-context.ts";
import { launchError } from "../life/launch-error.ts";
import { removeFolder } from "../life/remove.ts";
import { type PreparedContainer, prepareContainer } from "../prepare.ts";
import type { RunOptions, RunSource } from "../run-options.ts";
import { firstByte } from "./first-byte.ts";

const SIGKILL = 9;
/** Steps of the plan in which an overlay is refused, or a mount with other ids. */
const OVERLAY_STEPS = ["root of layers", "open the layers with the container's ids"];

/**
 * Tries the root file system that a container of an image would have, in a folder beside the containers.
 *
 * @param mark a file that is made if overlays can be had
 * @returns why they cannot; undefined if they can, or if something else is wrong, which the container will tell
 */
export async function tryOverlay(
  home: Home,
  { uidMap, gidMap, userns }: RunOptions,
  source: Extract<RunSource, { kind: "image" }>,
  mark: string,
): Promise<string | undefined> {
  if (lacksMarks(openImages(home)))
    return "layers of the store lack marks that their file system could not have";
  const folder = newFolder(home);
  try {
    const lower = `${folder}/lower`;
    mkdirSync(`${lower}/${PROBE}`, { recursive: true, mode: 0o755 });
    const prepared = await prepareContainer(
      {
        source: { ...source, layers: [lower, ...source.layers] },
        command: ["/"],
        user: { user: 0, group: 0 },
        workdir: "/",
        noIsolate: ["limits"],
        ...(uidMap === undefined ? {} : { uidMap }),
        ...(gidMap === undefined ? {} : { gidMap }),
        ...(userns === undefined ? {} : { userns }),
      },
      {
        hold: true,
        pipes: true,
        runtime: { pidFile: `${folder}/pid` },
        writable: { path: folder, isNew: true, volatile: false },
      },
    );
    const { writable } = prepared;
    if (writable !== undefined) makeWritable(writable.folder, writable.owner, prepared.request.root);
    const refused = await tryPlan(
      home,
      prepared,
      `${folder}/pid`,
      uidMap === undefined && gidMap === undefined && userns !== "private",
    );
    if (refused === undefined) writeFileSync(mark, "");
    return refused === OTHER ? undefined : refused;
  } catch (error) {
    if (error instanceof HuskError && error.code === "unsupported") return error.message;
    throw error;
  } finally {
    await removeFolder(home, folder);
  }
}

const PROBE = "husk-probe";
const OTHER = "something else is wrong";

function newFolder({ folders }: Home): string {
  const { pid, startTime } = ownIdentity();
  const folder = `${folders.root}/unfinished/new-${pid}-${startTime}-overlay`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw writeError(folder, cause);
  }
  return folder;
}

async function tryPlan(
  home: Home,
  prepared: PreparedContainer,
  pidFile: string,
  seesOwners: boolean,
): Promise<string | undefined> {
  const { plan } = prepared.planned;
  const { keeper, encoded, outcome } = await launch(plan, {
    keeper: installKeeper(home.keeper, home.folders.root),
    id: "overlay",
    reportDirectory: home.folders.run,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  try {
    if (await firstByte(keeper.stdout as ReadableStream<Uint8Array>)) {
      const root = `/proc/${readFileSync(pidFile, "latin1").trim()}/root`;
      return seesOwners ? tryOpaque(root) : undefined;
    }
    const ended = await outcome;
    if (ended.kind === "lost" || ended.report.outcome !== "failed") return OTHER;
    const step = findFailure(plan, encoded.operations, ended.report)?.step.title ?? "";
    return OVERLAY_STEPS.includes(step) ? launchError(prepared, encoded, ended.report).message : OTHER;
  } finally {
    keeper.kill(SIGKILL);
    await outcome.catch(() => {});
  }
}

/** A folder in the place of a removed one needs an extended attribute, which tmpfs before Linux 6.6 has for root alone. */
function tryOpaque(root: string): string | undefined {
  try {
    rmdirSync(`${root}/${PROBE}`);
    mkdirSync(`${root}/${PROBE}`);
    return undefined;
  } catch (error) {
    return `its file system lacks what overlays need: ${(error as Error).message.replace(/,.*/, "")}`;
  }
}
