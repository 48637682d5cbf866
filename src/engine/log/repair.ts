import { closeSync, fstatSync, ftruncateSync, openSync } from "node:fs";
import { FrameScanner } from "./frame.ts";

/** Takes a frame that a killed keeper wrote half away from the end of a log, so that the next one can append to it. */
export function repairLog(file: string): void {
  let fd: number;
  try {
    fd = openSync(file, "r+");
  } catch {
    return; // None was begun.
  }
  try {
    const scanner = new FrameScanner(fd, file);
    while (scanner.skip() !== undefined);
    if (scanner.offset < fstatSync(fd).size) ftruncateSync(fd, scanner.offset);
  } finally {
    closeSync(fd);
  }
}
