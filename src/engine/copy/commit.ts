import { existsSync } from "node:fs";
import {
  commitImage,
  findByNameOrId,
  hostPlatform,
  type MadeImage,
  parseReference,
  type RunConfig,
} from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import { noChanges } from "../changes/parts.ts";
import { forkFolders, forksOf } from "../fork/fork-layers.ts";
import { writtenIds } from "../copied-root/index.ts";
import type { ContainerRecord } from "../container/record.ts";
import { tellContainer } from "../events/container-event.ts";
import type { Home } from "../home.ts";
import { imageContext } from "../image-context.ts";
import { containerConfig } from "../inspect/config.ts";
import { readTarget, type Target } from "../life/target.ts";
import { whileStill } from "./while-still.ts";

export interface CommitContainerOptions {
  /** `name[:tag]`; absent: the image has no name. */
  readonly name?: string;
  /** Instructions of a Dockerfile, such as `CMD ["sh"]`. */
  readonly changes?: readonly string[];
  readonly author?: string;
  readonly message?: string;
  readonly warn?: (message: string) => void;
  /** Gives it up; there is no new image then. */
  readonly signal?: AbortSignal;
}

/**
 * Makes an image of a container: the one it is of, and what it wrote as a further layer. Volumes are not part of it.
 * A running one is frozen meanwhile.
 *
 * @param id the container's whole id
 * @throws HuskError "unsupported" for one that is not of an image, or a copy of one; "invalid" for a name or change; "failed"
 */
export async function commitContainer(
  home: Home,
  id: string,
  { name, changes = [], author, message, warn = () => {}, signal }: CommitContainerOptions = {},
): Promise<MadeImage> {
  const { name: called, source } = readTarget(home, id).record;
  if (source.kind !== "image")
    throw new HuskError("unsupported", `${called} is not a container of an image`, {
      hint: "husk image make makes an image of this machine's programs, husk import one of an archive",
    });
  const commit = async ({ record, paths }: Target): Promise<MadeImage> => {
    if (existsSync(paths.copy)) throw noChanges(record.name);
    const context = imageContext(home, warn, signal);
    const owners = writtenIds(record);
    const written = [paths.upper, ...forkFolders(home.folders.root, forksOf(record))];
    const made = await commitImage(context, {
      base: findByNameOrId(context.store, source.id),
      platform: hostPlatform(),
      uppers: written.filter((folder) => existsSync(folder)).toReversed(),
      ...(owners && { owners }),
      config: runConfig(record),
      changes,
      createdBy: record.options.command.join(" "),
      ...(name === undefined ? {} : { reference: parseReference(name) }),
      ...(author === undefined ? {} : { author }),
      ...(message === undefined ? {} : { message }),
    });
    tellContainer(home.folders, record, "commit");
    return made;
  };
  return whileStill(home, id, commit, signal);
}

/** Of a container's configuration what an image has too. */
function runConfig(record: ContainerRecord): RunConfig {
  const { Cmd, Entrypoint, Env, Healthcheck, Labels, StopSignal, User, Volumes, WorkingDir } =
    containerConfig(record) as RunConfig;
  return {
    ...(Cmd ? { Cmd } : {}),
    ...(Entrypoint ? { Entrypoint } : {}),
    ...(Env && Env.length > 0 ? { Env } : {}),
    ...(Healthcheck ? { Healthcheck } : {}),
    ...(Labels && Object.keys(Labels).length > 0 ? { Labels } : {}),
    ...(StopSignal ? { StopSignal } : {}),
    ...(User ? { User } : {}),
    ...(Volumes ? { Volumes } : {}),
    ...(WorkingDir ? { WorkingDir } : {}),
  };
}
