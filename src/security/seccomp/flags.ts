import { HuskError } from "../../platform/error.ts";
import { nearest } from "../../platform/nearest.ts";
import type { LinuxSeccomp, LinuxSyscall } from "./profile.ts";

/** SECCOMP_FILTER_FLAG_NEW_LISTENER: the call returns a descriptor that tells of calls with SCMP_ACT_NOTIFY. */
export const NEW_LISTENER = 8;
const TSYNC = 1;
/** With NEW_LISTENER, TSYNC cannot tell of a failure by a thread's id. */
const TSYNC_ESRCH = 16;
/** SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (Linux 5.19). */
export const WAIT_KILLABLE_RECV = 32;

/**
 * SECCOMP_FILTER_FLAG_* of a profile (seccomp(2)). WAIT_KILLABLE_RECV is about SCMP_ACT_NOTIFY: the kernel refuses it
 * without, so it then means nothing; with it, it is always set, as by runc: a program in Go would be interrupted by
 * its own scheduler's signals for ever. Throws `invalid` for an unknown flag.
 */
export function filterFlags(profile: LinuxSeccomp, at: string): number {
  const notifies = checkNotify(profile, at);
  let bits = notifies ? NEW_LISTENER | WAIT_KILLABLE_RECV : 0;
  const { flags } = profile;
  for (let i = 0; flags !== undefined && flags !== null && i < flags.length; i++) {
    switch (flags[i]) {
      case "SECCOMP_FILTER_FLAG_TSYNC":
        bits |= notifies ? TSYNC | TSYNC_ESRCH : TSYNC;
        break;
      case "SECCOMP_FILTER_FLAG_LOG":
        bits |= 2;
        break;
      case "SECCOMP_FILTER_FLAG_SPEC_ALLOW":
        bits |= 4;
        break;
      case "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV":
        break;
      default:
        throw unknownFlag(flags[i]!, `${at}.flags[${i}]`);
    }
  }
  return bits;
}

/**
 * Whether a profile asks a listener about system calls, and can: `write` is how the listener's descriptor is handed
 * over, and a default action would have to be answered before anybody listens (runc's rules, and words).
 */
function checkNotify(profile: LinuxSeccomp, at: string): boolean {
  if (profile.defaultAction === "SCMP_ACT_NOTIFY")
    throw new HuskError("invalid", `${at}.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action`, {
      hint: "name the system calls that are to be asked about",
    });
  const { syscalls, listenerPath, listenerMetadata } = profile;
  let notifies = false;
  for (let i = 0; syscalls !== undefined && syscalls !== null && i < syscalls.length; i++) {
    const rule = syscalls[i] as LinuxSyscall;
    if (rule.action !== "SCMP_ACT_NOTIFY") continue;
    notifies = true;
    if (rule.names.includes("write"))
      throw new HuskError(
        "invalid",
        `${at}.syscalls[${i}].names: SCMP_ACT_NOTIFY cannot be used for the write syscall`,
      );
  }
  if (notifies && !listenerPath)
    throw new HuskError("invalid", `${at}.listenerPath: seccomp listenerPath is not set`, {
      hint: "SCMP_ACT_NOTIFY needs a unix socket at which somebody waits for the notifications",
    });
  if (listenerMetadata && !listenerPath)
    throw new HuskError("invalid", `${at}.listenerMetadata: needs listenerPath beside it`);
  return notifies;
}

function unknownFlag(flag: string, path: string): HuskError {
  const known = ["TSYNC", "LOG", "SPEC_ALLOW", "WAIT_KILLABLE_RECV"].map(
    (word) => `SECCOMP_FILTER_FLAG_${word}`,
  );
  const near = nearest(flag, known);
  return new HuskError("invalid", `${path}: unknown flag ${JSON.stringify(flag)}`, {
    hint: near === undefined ? `known are ${known.join(", ")}` : `did you mean ${near}?`,
  });
}
