import type { SupervisionRequest } from "../../runtime/process/supervision.ts";
import type { ContainerPaths } from "../container/paths.ts";
import type { ContainerRecord } from "../container/record.ts";
import { diedAround } from "../events/container-event.ts";
import { journalPath } from "../events/journal.ts";
import { healthTicks } from "../health/check.ts";
import type { Home } from "../home.ts";
import { restartOf } from "./restart-policy.ts";

/** What of a start the keeper has to know. */
export interface SupervisionOptions {
  readonly detached: boolean;
  /** How often the restart policy has started it in a row, and how long to wait before the next time. */
  readonly restarts: number;
  readonly delay: number;
  readonly detachKeys?: Uint8Array;
}

/** What a container's keeper does for it besides running it. */
export function supervisionOf(
  { husk, folders }: Home,
  record: ContainerRecord,
  { folder, socket }: ContainerPaths,
  { detached, restarts, delay, detachKeys }: SupervisionOptions,
): SupervisionRequest {
  const { id, options, inputOnce } = record;
  const command = (what: string): string[] => internalCommand(husk, folders, what, id);
  const { driver = "husk", maxSize = 0, maxFile = 1 } = options.log ?? {};
  const health = options.health === undefined ? undefined : healthTicks(options.health, command("health"));
  return {
    detached,
    folder,
    // Who attaches reads a log, too: without one that is kept, a small one.
    log: driver === "none" ? UNKEPT : { maxBytes: maxSize, maxFiles: maxFile },
    socket,
    died: { journal: journalPath(folders), ...diedAround(record) },
    // Whoever is there gives the program their own input as it is: how much of it is read is the program's affair.
    ...(options.tty === true || (options.interactive === true && detached) ? { input: true, inputOnce } : {}),
    // A policy can be changed, or given, while it runs; beside --rm there can be none.
    ...(options.rm === true
      ? { finish: command("finish") }
      : {
          restart: {
            applies: restartOf(options.restart, restarts),
            delayMilliseconds: delay,
            command: command("restart"),
          },
        }),
    ...(health === undefined ? {} : { health }),
    environment: INTERNAL_ENVIRONMENT,
    ...(detachKeys === undefined ? {} : { detachKeys }),
  };
}

const UNKEPT = { maxBytes: 1 << 20, maxFiles: 2 };

/** For what keepers start: nothing of whoever started the container. */
export const INTERNAL_ENVIRONMENT: readonly string[] = [
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  "HOME=/",
];

/** How husk is started for what it does without anybody's asking. */
export function internalCommand(
  husk: readonly string[],
  { root, run }: Home["folders"],
  what: string,
  ...more: readonly string[]
): string[] {
  return [...husk, "--root", root, "--run", run, "internal", what, ...more];
}
