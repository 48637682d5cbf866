import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isRunning, ownIdentity, type ProcessIdentity } from "../../../platform/process-identity.ts";
import { writeWhole } from "../../../platform/whole-file.ts";
import type { Home } from "../../home.ts";
import { containerPaths } from "../../container/paths.ts";
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
  const { running } = containerPaths(home.folders, id);
  do {
    const release = claim(`${home.folders.run}/containers/${id}.copier`);
    if (release === undefined) return;
    try {
      await copyRun(home, id);
    } finally {
      release();
    }
    // It was started just then, or again, and who should have copied that found us at it.
  } while (existsSync(running));
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
  const save = (): void => {
    if (behind !== undefined)
      writeWhole(file, JSON.stringify({ place: behind, end: sink.end() } satisfies Copied), 0o600);
    saved = Date.now();
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
        if (Date.now() - saved > SAVE_MILLISECONDS) save();
      },
    );
    save();
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

/** One process at a time copies a log; undefined: another does. */
function claim(path: string): (() => void) | undefined {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, JSON.stringify(ownIdentity()), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        linkSync(own, path);
        return () => rmSync(path, { force: true });
      } catch {
        if (isRunning(JSON.parse(readFileSync(path, "utf8")) as ProcessIdentity)) return undefined;
        rmSync(path, { force: true });
      }
    }
    return undefined;
  } finally {
    rmSync(own, { force: true });
  }
}
