import { makeFolder } from "../container/folder.ts";
import { withContainer } from "../container/lock.ts";
import { type ContainerRecord, type ContainerSource, RECORD_FORMAT } from "../container/record.ts";
import { isNameTaken } from "../container/names.ts";
import { randomName } from "../container/random-name.ts";
import { tellContainer } from "../events/container-event.ts";
import { openFolders } from "../folders.ts";
import type { Home } from "../home.ts";
import { checkContainerId, checkContainerName, newId } from "../id.ts";
import type { RunOptions, RunSource } from "../run-options.ts";
import { settleJoins } from "../joins.ts";
import { withDefaults } from "../settings/defaults.ts";
import { readSettings } from "../settings/read-settings.ts";
import { planRun } from "./launch.ts";
import { nextDelay } from "./restart-policy.ts";
import { sweepNowAndThen } from "./sweep-home.ts";
import { wantsVolumes } from "../volume/wishes.ts";

/** What is decided about a new container besides its options. */
export interface CreateOptions {
  /** Absent: a new one. */
  readonly id?: string | undefined;
  /** Whoever starts it stays with it, and the end of their input is the end of the program's. */
  readonly inputOnce?: boolean;
  /** Is told the id once there is a container of that id. */
  readonly created?: (id: string) => void;
}

/**
 * What a container will be, by what was asked for.
 *
 * @param attempt how many random names were taken already, if it needs one
 * @throws HuskError "invalid" for an unusable id or name
 */
function draftRecord(
  options: RunOptions,
  { id, inputOnce = false }: CreateOptions,
  attempt = 0,
): ContainerRecord {
  const { source, name = randomName(attempt), ...rest } = options;
  if (id !== undefined) checkContainerId(id);
  checkContainerName(name);
  const { env } = rest;
  return {
    format: RECORD_FORMAT,
    id: id ?? newId(),
    name,
    created: Date.now(),
    source: recordedSource(source),
    inputOnce,
    options: env === undefined ? rest : { ...rest, env: env.map(withOwnValue) },
  };
}

/** So many random names are tried; from the second on they have a number. */
const ATTEMPTS = 8;

/** Does something with a draft; with another one, if it had a random name that is taken. */
export async function withDraft<T>(
  options: RunOptions,
  how: CreateOptions,
  body: (draft: ContainerRecord) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const draft = draftRecord(options, how, attempt);
    try {
      return await body(draft);
    } catch (error) {
      if (options.name !== undefined || attempt === ATTEMPTS || !isNameTaken(error)) throw error;
    }
  }
}

/** A name without a value means the value its creator has: whoever starts the container later may have another. */
function withOwnValue(entry: string): string {
  const value = entry.includes("=") ? undefined : process.env[entry];
  return value === undefined ? entry : `${entry}=${value}`;
}

function recordedSource(source: RunSource): ContainerSource {
  switch (source.kind) {
    case "image":
      return { kind: "image", name: source.name, ...source.identity };
    case "rootfs":
    case "bundle":
      return { kind: source.kind, path: absolute(source.path) };
    default:
      return source;
  }
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${process.cwd()}/${path}`;
}

/** Makes a container's folder and takes its name; the caller has its lock. */
export function recordContainer({ folders }: Home, record: ContainerRecord): void {
  makeFolder(folders, record);
  tellContainer(folders, record, "create");
}

/**
 * Creates a container without starting it.
 *
 * @returns its record, and what is stricter than asked
 * @throws HuskError what a start would refuse by now; "conflict" for a name or id that is taken
 */
export async function createContainer(
  home: Home,
  options: RunOptions,
  how: CreateOptions = {},
): Promise<{ readonly record: ContainerRecord; readonly warnings: readonly string[] }> {
  openFolders(home.folders);
  await sweepNowAndThen(home);
  return withOwnVolumes(home, settleJoins(home.folders, withDefaults(options, readSettings())), (settled) =>
    withDraft(settled, how, (record) =>
      withContainer(home.folders, record.id, async () => {
        const { prepared } = await planRun(home, record, settled, { ...FIRST_START, detached: true });
        recordContainer(home, record);
        return { record, warnings: prepared.warnings };
      }),
    ),
  );
}

/** Does something with options whose volumes exist; if it fails, those that nobody else can know go again. */
export async function withOwnVolumes<T>(
  home: Home,
  options: RunOptions,
  body: (options: RunOptions) => Promise<T>,
): Promise<T> {
  if (!wantsVolumes(options)) return body(options);
  const { makeVolumes } = await import("../volume/for-container.ts");
  const { options: settled, letGo, takeBack } = await makeVolumes(home, options);
  try {
    const made = await body(settled);
    letGo();
    return made;
  } catch (error) {
    await takeBack();
    throw error;
  }
}

/** How a new container is started. */
export const FIRST_START = { isNew: true, restarts: 0, delay: nextDelay(undefined) };
