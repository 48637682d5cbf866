import { existsSync, readFileSync } from "node:fs";
import { tryLock } from "../../../platform/lock.ts";
import { writeWhole } from "../../../platform/whole-file.ts";
import type { Home } from "../../home.ts";
import { lockContainer, withContainer } from "../../container/lock.ts";
import { isAlive, readState } from "../../container/state.ts";
import { readTarget } from "../../life/target.ts";
import { containerLog } from "../container-log.ts";
import type { LogPlace } from "../cursor.ts";
import { readPieces } from "../read-log.ts";
import { attributesOf } from "../details.ts";
import { tagOf } from "../tag.ts";
import { jsonFilePath, type LineSink, openJsonFile } from "./json-file.ts";
import { openJournal } from "./journal.ts";
import { assembleLines } from "./lines.ts";

/** A copier that is killed does so much again. */
const SAVE_MILLISECONDS = 1000;

/** `copied.json` in a container's folder: how far its log was copied. */
interface Copied {
  readonly place: LogPlace;
  /** The end of the copy by then. */
  readonly end: LogPlace | undefined;
}

/**
 * Copies a container's log to where another tool looks for it (`--log-driver json-file`, `journald`), until the
 * container has ended. It goes on where it was interrupted: no line is missing; what a copier that was killed wrote in its
 * last second may come twice, but for the file it was writing, which is cut there.
 */
export async function copyLog(home: Home, id: string): Promise<void> {
  do {
    const release = tryLock(`${home.folders.run}/containers/${id}.copier.lock`);
    if (release === undefined) return;
    try {
      await copyRun(home, id);
    } finally {
      release();
    }
    // It was started just then, or again, and who should have copied that found us at it.
  } while (isAlive(readState(home.folders, id)));
}

async function copyRun(home: Home, id: string): Promise<void> {
  const { record, paths } = readTarget(home, id);
  const file = `${paths.folder}/copied.json`;
  const copied = readCopied(file);
  const { driver, maxSize = 0, maxFile = 1 } = record.options.log ?? {};
  const limits = { maxBytes: maxSize, maxFiles: maxFile };
  const sink: LineSink =
    driver === "journald"
      ? await openJournal(tagOf(record))
      : openJsonFile(jsonFilePath(paths.folder, id), copied?.end, limits, attributesOf(record));
  const lines = assembleLines(sink.write);
  const log = containerLog(home, id, () => {});
  const options = { follow: true, ...(copied === undefined ? {} : { from: copied.place }) };
  let behind: LogPlace | undefined;
  let saved = Date.now();
  // Only under its lock: else the folder of a container that is removed just then would be made anew.
  const save = (): void => {
    if (behind !== undefined && existsSync(paths.record))
      writeWhole(file, JSON.stringify({ place: behind, end: sink.end() } satisfies Copied), 0o600);
    saved = Date.now();
  };
  const trySave = (): void => {
    const release = lockContainer(home.folders, id);
    if (release === undefined) return;
    try {
      save();
    } finally {
      release();
    }
  };
  try {
    await readPieces(
      log,
      options,
      () => lines,
      async (place) => {
        await sink.flush();
        if (!lines.isEmpty()) return;
        behind = place;
        if (Date.now() - saved > SAVE_MILLISECONDS) trySave();
      },
    );
    await withContainer(home.folders, id, save);
  } finally {
    sink.close();
  }
}

function readCopied(file: string): Copied | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Copied;
  } catch {
    return undefined;
  }
}
