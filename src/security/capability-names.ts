import { HuskError } from "../platform/error.ts";
import { nearest } from "../platform/nearest.ts";

/** The kernel's capabilities in the order of their numbers (linux/capability.h, capabilities(7)). */
export const capabilityNames: readonly string[] = (
  "CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID " +
  "CAP_SETPCAP CAP_LINUX_IMMUTABLE CAP_NET_BIND_SERVICE CAP_NET_BROADCAST CAP_NET_ADMIN CAP_NET_RAW " +
  "CAP_IPC_LOCK CAP_IPC_OWNER CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_CHROOT CAP_SYS_PTRACE CAP_SYS_PACCT " +
  "CAP_SYS_ADMIN CAP_SYS_BOOT CAP_SYS_NICE CAP_SYS_RESOURCE CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_MKNOD " +
  "CAP_LEASE CAP_AUDIT_WRITE CAP_AUDIT_CONTROL CAP_SETFCAP CAP_MAC_OVERRIDE CAP_MAC_ADMIN CAP_SYSLOG " +
  "CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_AUDIT_READ CAP_PERFMON CAP_BPF CAP_CHECKPOINT_RESTORE"
).split(" ");

/**
 * What a container gets unless told otherwise: Docker's default without CAP_NET_RAW, which lets a container
 * forge packets of its neighbours (CVE-2020-13401).
 */
export const defaultCapabilities: readonly string[] = (
  "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FSETID CAP_FOWNER CAP_MKNOD CAP_SETGID CAP_SETUID CAP_SETFCAP CAP_SETPCAP " +
  "CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_KILL CAP_AUDIT_WRITE"
).split(" ");

/**
 * Reads a capability as Docker spells it: `NET_ADMIN`, `cap_net_admin`, `ALL`.
 *
 * @param from where the name stands, for the error: `--cap-add`
 * @returns the name as config.json has it, `CAP_NET_ADMIN`, or `ALL`
 */
export function parseCapability(name: string, from?: string): string {
  const upper = name.toUpperCase();
  if (upper === "ALL") return upper;
  const full = upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
  if (capabilityNames.includes(full)) return full;
  throw unknownCapability(name, from);
}

/** The error for a name that is no capability. */
export function unknownCapability(name: string, from?: string): HuskError {
  const upper = name.toUpperCase();
  const near = nearest(upper.startsWith("CAP_") ? upper : `CAP_${upper}`, capabilityNames);
  const where = from === undefined ? "" : `${from}: `;
  return new HuskError("invalid", `${where}unknown capability ${JSON.stringify(name)}`, {
    hint: near === undefined ? "man 7 capabilities lists them" : `did you mean ${near.slice(4)}?`,
  });
}

/**
 * Docker's `--cap-add` and `--cap-drop`: adding ALL means all of `available` but the dropped ones; dropping ALL
 * means the added ones alone; otherwise what is dropped leaves `basics` and what is added comes to it, so that
 * a capability both added and dropped is there.
 *
 * @param available what husk itself has ({@link availableCapabilities}): ALL means these
 * @returns names without repetition; those in `add` may be missing in `available`, which is the caller's error
 */
export function adjustCapabilities(
  basics: readonly string[],
  add: readonly string[],
  drop: readonly string[],
  available: readonly string[],
): string[] {
  const added = add.map((name) => parseCapability(name, "--cap-add"));
  const dropped = new Set(drop.map((name) => parseCapability(name, "--cap-drop")));
  if (added.includes("ALL")) return available.filter((name) => !dropped.has(name));
  if (dropped.has("ALL")) return [...new Set(added)];
  return [...new Set([...basics.filter((name) => !dropped.has(name)), ...added])];
}
