import type { List } from "../../plan/index.ts";
import type { Personality } from "../config.ts";

const PER_LINUX32 = 8;

/** What `linux.personality.flags` may name (personality(2)); the specification names none yet. */
export const personalityFlags: Readonly<Record<string, number>> = {
  UNAME26: 0x0020000,
  ADDR_NO_RANDOMIZE: 0x0040000,
  FDPIC_FUNCPTRS: 0x0080000,
  MMAP_PAGE_ZERO: 0x0100000,
  ADDR_COMPAT_LAYOUT: 0x0200000,
  READ_IMPLIES_EXEC: 0x0400000,
  ADDR_LIMIT_32BIT: 0x0800000,
  SHORT_INODE: 0x1000000,
  WHOLE_SECONDS: 0x2000000,
  STICKY_TIMEOUTS: 0x4000000,
  ADDR_LIMIT_3GB: 0x8000000,
};

/** Sets the execution domain, by which the kernel shows itself as an older or narrower one (personality(2)). */
export function setPersonality(list: List, { domain, flags = [] }: Personality): void {
  const linux32 = domain === "LINUX32";
  list.step(
    `personality ${[domain, ...flags].join(" ")}`,
    linux32 ? "programs see a 32-bit machine: uname -m says so" : "programs see this machine as it is",
    () => (linux32 || flags.length > 0 ? "#   setarch(8), at the end" : "#   nothing to do"),
  );
  let bits = linux32 ? PER_LINUX32 : 0;
  for (const flag of flags) bits |= personalityFlags[flag] ?? 0;
  list.call("personality", bits);
}

/** The arguments of setarch(8) for the same; empty: there is nothing to do. */
export function setarchArguments({ domain, flags = [] }: Personality): string[] {
  const short: Record<string, string> = {
    UNAME26: "uname-2.6",
    ADDR_LIMIT_32BIT: "32bit",
    ADDR_LIMIT_3GB: "3gb",
  };
  const options = flags.map((flag) => `--${short[flag] ?? flag.toLowerCase().replaceAll("_", "-")}`);
  if (domain === "LINUX32") return ["linux32", ...options];
  return options;
}
