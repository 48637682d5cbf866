import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { isRunning, ownIdentity } from "../../platform/process-identity.ts";
import { writeError } from "../../platform/whole-file.ts";
import { tellVolume } from "../events/object-event.ts";
import type { Folders } from "../folders.ts";
import { newId } from "../id.ts";
import {
  checkVolumeName,
  checkVolumeOptions,
  type Volume,
  VOLUME_FORMAT,
  type VolumeOptions,
  type VolumeRecord,
} from "./record.ts";

/** A volume's folder; `_data` in it holds the files, as with docker. */
export function volumeFolder(root: string, name: string): string {
  return `${root}/volumes/${name}`;
}

/** Where the files of a volume are. */
export function volumeData(root: string, name: string): string {
  return `${volumeFolder(root, name)}/_data`;
}

/**
 * Makes a volume; one of that name that exists with the same options is taken as it is.
 *
 * It appears whole or not at all: a folder is filled beside it and gets its name by rename(2), which fails if somebody
 * else was first.
 *
 * @param isHeld it is for a container that is not listed yet: nobody prunes it before {@link letGoOfVolume}
 * @throws HuskError "invalid" for a name or an option; "conflict" if there is one with other options; "failed"
 */
export function createVolume(
  folders: Pick<Folders, "root" | "run">,
  wanted: VolumeOptions,
  isHeld = false,
): { volume: Volume; made: boolean } {
  const { root } = folders;
  const { name = newId(), labels = {}, options = {}, anonymous = false } = wanted;
  checkVolumeName(name);
  checkVolumeOptions(options);
  const there = findVolume(root, name);
  if (there !== undefined) return { volume: sameVolume(there, options), made: false };
  const record: VolumeRecord = {
    format: VOLUME_FORMAT,
    name,
    created: Date.now(),
    labels,
    options,
    anonymous,
  };
  const unfinished = workFolder(root, "new", name);
  try {
    mkdirSync(unfinished, { recursive: true, mode: 0o700 });
    mkdirSync(`${unfinished}/_data`, { mode: 0o755 });
    writeFileSync(`${unfinished}/volume.json`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
    if (isHeld) writeFileSync(`${unfinished}/${holdMark()}`, "", { mode: 0o600 });
    renameSync(unfinished, volumeFolder(root, name));
  } catch (cause) {
    rmSync(unfinished, { recursive: true, force: true });
    const { code } = cause as NodeJS.ErrnoException;
    const other = code === "ENOTEMPTY" || code === "EEXIST" ? findVolume(root, name) : undefined;
    if (other !== undefined) return { volume: sameVolume(other, options), made: false };
    throw writeError(volumeFolder(root, name), cause);
  }
  tellVolume(folders, "create", name);
  return { volume: { ...record, mountpoint: volumeData(root, name) }, made: true };
}

/** `held-PID-STARTTIME` in a volume's folder: the process makes a container of it. */
function holdMark(): string {
  const { pid, startTime } = ownIdentity();
  return `held-${pid}-${startTime}`;
}

/** The container that a volume was made for is listed, and says that it uses it. */
export function letGoOfVolume(root: string, name: string): void {
  rmSync(`${volumeFolder(root, name)}/${holdMark()}`, { force: true });
}

/** Whether a process that runs makes a container of it. */
export function isHeldVolume(root: string, name: string): boolean {
  let entries: string[];
  try {
    entries = readdirSync(volumeFolder(root, name));
  } catch {
    return false; // It is gone.
  }
  return entries.some((entry) => {
    const [what, pid, startTime] = entry.split("-");
    return what === "held" && startTime !== undefined && isRunning({ pid: Number(pid), startTime });
  });
}

function sameVolume(there: Volume, options: Readonly<Record<string, string>>): Volume {
  const keys = Object.keys(options);
  if (keys.length === 0) return there;
  if (
    keys.length === Object.keys(there.options).length &&
    keys.every((key) => there.options[key] === options[key])
  )
    return there;
  throw new HuskError("conflict", `volume ${there.name} exists with other options`, {
    hint: `see husk volume inspect ${there.name}, and choose another name`,
  });
}

/**
 * A volume by its name.
 *
 * @throws HuskError "unsupported" if a newer husk made it
 */
export function findVolume(root: string, name: string): Volume | undefined {
  const file = `${volumeFolder(root, name)}/volume.json`;
  let record: VolumeRecord;
  try {
    record = Object(JSON.parse(readFileSync(file, "utf8"))) as VolumeRecord;
  } catch {
    return undefined;
  }
  if (record.format !== VOLUME_FORMAT)
    throw new HuskError("unsupported", `${file}: format ${String(record.format)} is of a newer husk`, {
      hint: "use that one",
    });
  return { ...record, mountpoint: volumeData(root, name) };
}

/**
 * A volume that has to be there.
 *
 * @throws HuskError "not-found", in docker's words
 */
export function getVolume(root: string, name: string): Volume {
  const volume = /^[\w.-]+$/.test(name) ? findVolume(root, name) : undefined;
  if (volume !== undefined) return volume;
  throw new HuskError("not-found", `No such volume: ${name}`, { hint: "husk volume ls shows what there is" });
}

/** `.new-PID-STARTTIME-NAME`: a folder that one process works on; of a long name the beginning, as there is room. */
export function workFolder(root: string, what: "new" | "dead", name: string): string {
  const { pid, startTime } = ownIdentity();
  const short = name.length > 64 ? `${name.slice(0, 64)}-${newId().slice(0, 16)}` : name;
  return `${root}/volumes/.${what}-${pid}-${startTime}-${short}`;
}
