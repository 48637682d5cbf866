import { readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { type ContainerRecord, RECORD_FORMAT } from "./record.ts";

/**
 * Reads a `container.json`; undefined where there is none.
 *
 * @throws HuskError "unsupported" for one of a newer husk, "failed" for one that is damaged or cannot be read
 */
export function readRecord(file: string): ContainerRecord | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new HuskError("failed", `cannot read ${file}: ${message}`, { cause });
  }
  let record: ContainerRecord;
  try {
    record = Object(JSON.parse(text)) as ContainerRecord;
    if (typeof record.format !== "number") throw new Error("it is no record of a container");
  } catch (cause) {
    throw new HuskError("failed", `${file} is damaged: ${(cause as Error).message}`, {
      cause,
      hint: "what the container wrote is in the folder upper beside it; husk rm -f removes the container",
    });
  }
  if (record.format !== RECORD_FORMAT) {
    throw new HuskError("unsupported", `${file} has the unknown format ${String(record.format)}`, {
      hint: "it was written by another version of husk: use that one",
    });
  }
  return record;
}
