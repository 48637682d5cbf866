import { cpuWeight } from "../convert.ts";
import { bytesFromV1, bytesToV1, invalidSetting, parseBytes } from "./values.ts";

/** A setting that v1 and v2 both have, in one file each. */
export interface Translation {
  readonly controller: string;
  readonly v2: string;
  readonly v1: string;
  /** Value and formula for the file of a version, from a value in the spelling that was used. */
  readonly write: (
    name: string,
    value: string,
    version: 1 | 2,
  ) => { value: string; formula: string | undefined };
  /** What v2 would show, from what v1 shows. */
  readonly read: (v1: string) => string;
  /** The other way round. */
  readonly readBack: (v2: string) => string;
  readonly why: string;
}

const same = (value: string): string => value;
const plain = (_name: string, value: string): { value: string; formula: undefined } => ({
  value,
  formula: undefined,
});

/** The weight that v2 would have where v1 has these shares is {@link cpuWeight}; this is its inverse. */
export function cpuShares(weight: number): number {
  const exponent = 612 * (Math.log10(weight) + 7 / 34);
  const l = (-125 + Math.sqrt(125 * 125 + 4 * exponent)) / 2;
  return Math.min(262144, Math.max(2, Math.round(2 ** l)));
}

const CURVE = "weight = 10^((l² + 125 l)/612 - 7/34), l = log2 shares";

function writeWeight(
  name: string,
  value: string,
  version: 1 | 2,
): { value: string; formula: string | undefined } {
  const isShares = name === "cpu.shares";
  const [least, most] = isShares ? [2, 262144] : [1, 10000];
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < least || number > most)
    throw invalidSetting(
      name,
      value,
      `a whole number from ${least} to ${most}; ${isShares ? 1024 : 100} is usual`,
    );
  if (isShares === (version === 1)) return { value, formula: undefined };
  if (isShares) {
    const weight = `${cpuWeight(number)}`;
    return { value: weight, formula: `${value} shares of v1 are weight ${weight} of v2: ${CURVE}` };
  }
  const shares = `${cpuShares(number)}`;
  return { value: shares, formula: `weight ${value} of v2 is ${shares} shares of v1: ${CURVE}` };
}

function writeBytes(
  name: string,
  value: string,
  version: 1 | 2,
): { value: string; formula: string | undefined } {
  const { value: bytes, formula } = parseBytes(name, value);
  return { value: version === 1 ? bytesToV1(bytes) : bytes, formula };
}

function writeFreeze(_name: string, value: string, version: 1 | 2): { value: string; formula: undefined } {
  const frozen = value === "1" || value === "FROZEN";
  if (!frozen && value !== "0" && value !== "THAWED") return { value, formula: undefined };
  return { value: version === 1 ? (frozen ? "FROZEN" : "THAWED") : frozen ? "1" : "0", formula: undefined };
}

const bytes = { write: writeBytes, read: bytesFromV1, readBack: bytesToV1 };
const number = { write: plain, read: same, readBack: same };

/** One line for each. What differs in more than name and unit stands in settings.ts. */
export const translations: readonly Translation[] = [
  {
    controller: "memory",
    v2: "memory.max",
    v1: "memory.limit_in_bytes",
    ...bytes,
    why: "who wants more memory gets a process of the group killed",
  },
  {
    controller: "memory",
    v2: "memory.low",
    v1: "memory.soft_limit_in_bytes",
    ...bytes,
    why: "when memory is short: v1 presses the group down to this first, v2 spares this much",
  },
  {
    controller: "memory",
    v2: "memory.current",
    v1: "memory.usage_in_bytes",
    ...number,
    why: "what the group uses now",
  },
  {
    controller: "memory",
    v2: "memory.peak",
    v1: "memory.max_usage_in_bytes",
    ...number,
    why: "the most it has used",
  },
  {
    controller: "cpu",
    v2: "cpu.weight",
    v1: "cpu.shares",
    write: writeWeight,
    read: (v1) => `${cpuWeight(Number(v1))}`,
    readBack: (v2) => `${cpuShares(Number(v2))}`,
    why: "when others want the CPU too, it is divided in proportion",
  },
  {
    controller: "cpu",
    v2: "cpu.max.burst",
    v1: "cpu.cfs_burst_us",
    ...number,
    why: "time left over in quiet periods may be used later",
  },
  {
    controller: "io",
    v2: "io.bfq.weight",
    v1: "blkio.bfq.weight",
    ...number,
    why: "the disk's time is divided in proportion (BFQ scheduler)",
  },
  { controller: "cgroup", v2: "cgroup.threads", v1: "tasks", ...number, why: "threads of the group" },
  {
    controller: "freezer",
    v2: "cgroup.freeze",
    v1: "freezer.state",
    write: writeFreeze,
    read: (v1) => (v1 === "THAWED" ? "0" : "1"),
    readBack: (v2) => (v2 === "1" ? "FROZEN" : "THAWED"),
    why: "a frozen group gets no CPU time",
  },
];

/** The translation in which a file's name stands, in either version. */
export function translationOf(name: string): Translation | undefined {
  return translations.find(({ v1, v2 }) => v1 === name || v2 === name);
}
