import { readlinkSync } from "node:fs";
import { isRunning, ownIdentity } from "../../platform/process-identity.ts";

/** How long something of a process that cannot be looked at (another pid namespace) counts as in use. */
export const FRESH_MILLISECONDS = 120_000;

let ownTag: string | undefined;
let namespaceOfPids: string | undefined;
let count = 0;

function pidNamespace(): string {
  namespaceOfPids ??= readlinkSync("/proc/self/ns/pid").replace(/[^0-9]/g, "");
  return namespaceOfPids;
}

/** A part of a file name that tells which process made it, and that is never given out twice: `NS.PID.START.COUNT`. */
export function ownerTag(): string {
  if (ownTag === undefined) {
    const { pid, startTime } = ownIdentity();
    ownTag = `${pidNamespace()}.${pid}.${startTime}`;
  }
  return `${ownTag}.${count++}`;
}

/** Whether the process that made a tag runs; `changed` is when its file was changed last, in milliseconds. */
export function ownerLives(tag: string, changed: number): boolean {
  const [namespace, pid, startTime = ""] = tag.split(".");
  if (namespace === pidNamespace()) return isRunning({ pid: Number(pid), startTime });
  return Date.now() - changed < FRESH_MILLISECONDS;
}

/** The pid in a tag, for people. */
export function pidOf(tag: string): string {
  return tag.split(".")[1] ?? "?";
}
