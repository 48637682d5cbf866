import { closeSync, fstatSync, ftruncateSync, openSync, renameSync, writeSync } from "node:fs";
import type { LogPlace } from "../cursor.ts";
import { STDERR } from "../frame.ts";
import { formatTime } from "../select.ts";
import type { LogLine } from "./lines.ts";

/** docker's name of the file. */
export function jsonFilePath(folder: string, id: string): string {
  return `${folder}/${id}-json.log`;
}

/** How large and how many files of a log may be; `maxBytes` 0: one without end. */
export interface FileLimits {
  readonly maxBytes: number;
  readonly maxFiles: number;
}

/** Where copied lines go. */
export interface LineSink {
  write(line: LogLine): void;
  /** Resolves when what was written cannot be lost by this process's end. */
  flush(): Promise<void>;
  /** Behind what was written, for {@link openJsonFile}; other sinks have none. */
  end(): LogPlace | undefined;
  close(): void;
}

/**
 * Appends lines to a file as docker's driver `json-file` does: `{"log":"text\n","stream":"stdout","time":"…"}`, with
 * older files as `PATH.1`, `PATH.2`. What is no UTF-8 is replaced, as docker has it.
 *
 * @param from what is behind it in that file was written by somebody who could not finish
 * @param attributes labels and variables that were asked for
 */
export function openJsonFile(
  path: string,
  from: LogPlace | undefined,
  { maxBytes, maxFiles }: FileLimits,
  attributes: Readonly<Record<string, string>>,
): LineSink {
  let fd = openSync(path, "a", 0o600);
  if (from !== undefined && fstatSync(fd).ino === from.inode) ftruncateSync(fd, from.offset);
  let used = fstatSync(fd).size;
  const attrs = Object.keys(attributes).length === 0 ? {} : { attrs: attributes };
  const decoder = new TextDecoder();
  let text = "";
  const write = (): void => {
    const bytes = new TextEncoder().encode(text);
    text = "";
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    used += bytes.length;
    if (maxBytes === 0 || used < maxBytes) return;
    closeSync(fd);
    rotate(path, maxFiles);
    fd = openSync(path, maxFiles > 1 ? "a" : "w", 0o600);
    used = 0;
  };
  return {
    write({ stream, time, bytes, partial }) {
      const entry = {
        log: `${decoder.decode(bytes)}${partial ? "" : "\n"}`,
        stream: stream === STDERR ? "stderr" : "stdout",
        ...attrs,
        time: formatTime(time),
      };
      text += `${JSON.stringify(entry)}\n`;
      if (text.length > 65_536) write();
    },
    async flush() {
      if (text !== "") write();
    },
    end: () => ({ inode: fstatSync(fd).ino, offset: used }),
    close: () => closeSync(fd),
  };
}

function rotate(path: string, files: number): void {
  for (let number = files - 1; number > 0; number--) {
    try {
      renameSync(number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}
