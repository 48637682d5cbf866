import { HuskError } from "../../platform/error.ts";
import { nearest } from "../../platform/nearest.ts";
import type { LinuxSeccomp } from "./profile.ts";

/**
 * SECCOMP_FILTER_FLAG_* of a profile (seccomp(2)). WAIT_KILLABLE_RECV is accepted and means nothing: it is
 * about SCMP_ACT_NOTIFY, and the kernel refuses it without. Throws `invalid` for an unknown one.
 */
export function filterFlags(profile: LinuxSeccomp, at: string): number {
  let bits = 0;
  const { flags } = profile;
  for (let i = 0; flags !== undefined && flags !== null && i < flags.length; i++) {
    switch (flags[i]) {
      case "SECCOMP_FILTER_FLAG_TSYNC":
        bits |= 1;
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
  if (profile.listenerMetadata !== undefined && profile.listenerPath === undefined) {
    throw new HuskError("invalid", `${at}.listenerMetadata: needs listenerPath beside it`);
  }
  return bits;
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
