import { HuskError } from "../platform/error.ts";
import { type List, Memory } from "../plan/index.ts";
import { capabilityNames, unknownCapability } from "./capability-names.ts";

/** `process.capabilities` of config.json; an absent set is empty. */
export interface LinuxCapabilities {
  bounding?: string[];
  effective?: string[];
  inheritable?: string[];
  permitted?: string[];
  ambient?: string[];
}

/** A set of capabilities: bit n stands for capability n, in two unsigned halves. */
export interface CapabilityMask {
  readonly low: number;
  readonly high: number;
}

/** The five sets of a process (capabilities(7)). */
export interface CapabilitySets {
  readonly bounding: CapabilityMask;
  readonly effective: CapabilityMask;
  readonly inheritable: CapabilityMask;
  readonly permitted: CapabilityMask;
  readonly ambient: CapabilityMask;
}

/** All capabilities husk knows of: what a process has in a user namespace of its own. */
export const allCapabilities: CapabilityMask = {
  low: 0xffffffff,
  high: (1 << (capabilityNames.length - 32)) - 1,
};

/** The set of these names. Throws `invalid` for one that is no capability, with its JSON path. */
export function capabilityMask(names: readonly string[] | null | undefined, at: string): CapabilityMask {
  let low = 0;
  let high = 0;
  for (let i = 0; names !== undefined && names !== null && i < names.length; i++) {
    const number = capabilityNames.indexOf(names[i]!);
    if (number === -1) throw unknownCapability(names[i]!, `${at}[${i}]`);
    if (number < 32) low |= 1 << number;
    else high |= 1 << (number - 32);
  }
  return { low: low >>> 0, high: high >>> 0 };
}

/** The names in a set, in the order of their numbers. */
export function namesOf(mask: CapabilityMask): string[] {
  const names: string[] = [];
  for (let number = 0; number < capabilityNames.length; number++) {
    if (has(mask, number)) names.push(capabilityNames[number] as string);
  }
  return names;
}

export function has(mask: CapabilityMask, number: number): boolean {
  return ((number < 32 ? mask.low >>> number : mask.high >>> (number - 32)) & 1) === 1;
}

function both(a: CapabilityMask, b: CapabilityMask): CapabilityMask {
  return { low: (a.low & b.low) >>> 0, high: (a.high & b.high) >>> 0 };
}

function without(a: CapabilityMask, b: CapabilityMask): CapabilityMask {
  return { low: (a.low & ~b.low) >>> 0, high: (a.high & ~b.high) >>> 0 };
}

function isEmpty(mask: CapabilityMask): boolean {
  return mask.low === 0 && mask.high === 0;
}

/**
 * The capabilities husk itself can hand on: those in both the effective and the bounding set of
 * `/proc/self/status`. Throws `failed` if the text is not such a file.
 */
export function availableCapabilities(status: string): CapabilityMask {
  return both(statusMask(status, "CapEff"), statusMask(status, "CapBnd"));
}

function statusMask(status: string, field: string): CapabilityMask {
  const at = status.indexOf(`\n${field}:\t`);
  const digits = at === -1 ? "" : status.slice(at + field.length + 3, at + field.length + 19);
  const high = Number.parseInt(digits.slice(0, 8), 16);
  const low = Number.parseInt(digits.slice(8), 16);
  if (digits.length < 16 || Number.isNaN(high) || Number.isNaN(low)) {
    throw new HuskError("failed", `/proc/self/status has no readable ${field}`, {
      hint: "husk needs the host's /proc mounted",
    });
  }
  return { low, high };
}

/**
 * What a process gets of the sets its configuration asks for. A capability that is not available is left out
 * with a warning, as runc does: less than was asked for is stricter. Ambient capabilities are those that are also
 * permitted and inheritable: the kernel takes no others, and runtimes let them go without a word.
 *
 * @param at JSON path of `asked`, for errors and warnings
 * @param available see {@link availableCapabilities}; {@link allCapabilities} in a new user namespace
 */
export function resolveCapabilities(
  asked: LinuxCapabilities,
  available: CapabilityMask,
  at = "process.capabilities",
): { sets: CapabilitySets; warnings: string[] } {
  const bounding = capabilityMask(asked.bounding, `${at}.bounding`);
  const effective = capabilityMask(asked.effective, `${at}.effective`);
  const inheritable = capabilityMask(asked.inheritable, `${at}.inheritable`);
  const permitted = capabilityMask(asked.permitted, `${at}.permitted`);
  const ambient = capabilityMask(asked.ambient, `${at}.ambient`);
  const excess = without(effective, permitted);
  if (!isEmpty(excess)) {
    throw new HuskError("invalid", `${at}.effective: ${namesOf(excess).join(", ")} not in permitted`, {
      hint: `add it to ${at}.permitted: only permitted capabilities can be effective`,
    });
  }
  const gone = without(
    {
      low: bounding.low | inheritable.low | permitted.low,
      high: bounding.high | inheritable.high | permitted.high,
    },
    available,
  );
  const warnings = isEmpty(gone)
    ? []
    : [`${at}: ${namesOf(gone).join(", ")} not available to husk itself: left out`];
  const sets = {
    bounding: both(bounding, available),
    effective: both(effective, available),
    inheritable: both(inheritable, available),
    permitted: both(permitted, available),
    ambient: both(both(ambient, both(permitted, inheritable)), available),
  };
  return { sets, warnings };
}

const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_RAISE = 2;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;

/** Capabilities newer than husk: dropped as well where a kernel has them. */
const future = 8;

/**
 * Appends taking everything but `bounding` out of the bounding set: what is not in it, no program can gain by
 * exec, whatever file capabilities it has. Needs CAP_SETPCAP, so it stands before the capabilities change.
 */
export function dropBoundingSet(list: List, bounding: CapabilityMask): void {
  const kept = namesOf(bounding);
  list.step(
    `bounding set: ${kept.length} of ${capabilityNames.length} capabilities`,
    "what is not in it cannot be gained by any program, not even a setuid one",
    () => `SETPRIV="$SETPRIV --bounding-set ${setprivSet(kept)}"`,
  );
  for (let number = 0; number < capabilityNames.length; number++) {
    // EINVAL: this kernel does not have it yet.
    if (!has(bounding, number)) drop(list, number);
  }
  const first = capabilityNames.length;
  list.when(drop(list, first), "succeeded", () => {
    for (let number = first + 1; number < first + future; number++) drop(list, number);
  });
}

function drop(list: List, number: number): ReturnType<List["call"]> {
  return list
    .call("prctl", PR_CAPBSET_DROP, number, 0, 0, 0)
    .accept("EINVAL")
    .about(capabilityNames[number] ?? `capability ${number}`);
}

/**
 * Appends setting the process's own sets (capset(2), PR_CAP_AMBIENT). The order around it: bounding set,
 * PR_SET_KEEPCAPS, groups and user, then this, then nothing that needs a capability left out here.
 */
export function setCapabilities(list: List, sets: CapabilitySets): void {
  const { effective, permitted, inheritable, ambient } = sets;
  const names = namesOf(permitted);
  list.step(
    names.length === 0 ? "no capabilities" : `capabilities: ${names.length}`,
    "root's power comes in parts; the container gets only these",
    () =>
      `SETPRIV="$SETPRIV --inh-caps ${setprivSet(namesOf(inheritable))} --ambient-caps ${setprivSet(namesOf(ambient))}"`,
  );
  // struct __user_cap_header_struct: version 3, pid 0 (this thread).
  const header = new Memory(words([0x20080522, 0]));
  const data = new Memory(
    words([effective.low, permitted.low, inheritable.low, effective.high, permitted.high, inheritable.high]),
  );
  list.call("capset", header, data).about(names.length === 0 ? "no capabilities" : names.join(" "));
  list.call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0).about("ambient capabilities");
  for (let number = 0; number < capabilityNames.length; number++) {
    if (!has(ambient, number)) continue;
    list
      .call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0)
      .about(`ambient ${capabilityNames[number]}`);
  }
}

/** Appends no_new_privs: from here on exec cannot give more rights (prctl(2)). */
export function setNoNewPrivileges(list: List): void {
  list.step(
    "no new privileges",
    "setuid programs and file capabilities have no effect in the container",
    () => 'SETPRIV="$SETPRIV --no-new-privs"',
  );
  list.call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

function words(values: readonly number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(values).buffer);
}

/** A set as setpriv(1) writes it: `-all,+chown,+kill`. */
function setprivSet(names: readonly string[]): string {
  return ["-all", ...names.map((name) => `+${name.slice(4).toLowerCase()}`)].join(",");
}
