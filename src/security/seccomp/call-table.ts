import { strictness } from "./action.ts";
import type { Abi } from "./architectures.ts";
import type { Condition } from "./condition.ts";

/** Arm has a few calls far from the others (__ARM_NR_BASE); a table keeps them at its end. */
const farBase = 0xf0000;
const farCells = 16;
const nearCells = 1024;

/** What happens to a call whose rules have conditions: the rules, and what else if none matches. */
export interface Conditional {
  rules: { readonly value: number; readonly conditions: readonly Condition[] }[];
  /** Return value of the rule without conditions, or of the default action. */
  otherwise: number | undefined;
}

/** What can happen to a call: a return value of the filter, or one that depends on arguments. */
export type Verdict = number | Conditional;

/** Which verdict each call of one ABI gets. */
export interface CallTable {
  readonly abi: Abi;
  /** Place in the list of verdicts, per number; 0 where no rule says anything. */
  readonly cells: Int32Array;
  /** The highest number any rule is about; calls the kernel got later come after it. */
  last: number;
}

export function callTable(abi: Abi): CallTable {
  return { abi, cells: new Int32Array(nearCells + farCells), last: -1 };
}

/** The place of a return value in the list, which has the default action's first, for calls without a rule. */
export function verdictOf(verdicts: Verdict[], value: number): number {
  const known = verdicts.indexOf(value, 1);
  return known === -1 ? verdicts.push(value) - 1 : known;
}

/**
 * Adds a rule without conditions; of several for one call the first counts (libseccomp).
 *
 * @param natives the numbers of `names` in the machine's own ABI, -1 where it has none
 * @param verdict place of the rule's return value
 */
export function addRule(
  table: CallTable,
  names: readonly string[],
  natives: readonly number[],
  verdict: number,
  verdicts: readonly Verdict[],
): void {
  const { cells } = table;
  const { shared } = table.abi;
  const own = table.abi.own?.();
  let { last } = table;
  for (let i = 0; i < names.length; i++) {
    let number = own === undefined ? undefined : own.get(names[i]!);
    if (number === undefined) {
      number = natives[i]!;
      if (number < shared) continue;
    } else if (number < 0) continue;
    if (number >= nearCells) number += nearCells - farBase;
    else if (number > last) last = number;
    const cell = cells[number]!;
    if (cell === 0) {
      cells[number] = verdict;
    } else {
      const known = verdicts[cell]!;
      if (typeof known !== "number") known.otherwise ??= verdicts[verdict] as number;
    }
  }
  table.last = last;
}

/** Adds a rule with conditions for one call. */
export function addConditionalRule(
  table: CallTable,
  name: string,
  native: number,
  value: number,
  conditions: readonly Condition[],
  verdicts: Verdict[],
): void {
  const number = table.abi.own?.().get(name) ?? native;
  if (number < 0 || (number === native && native < table.abi.shared)) return;
  addCondition(table, number, value, conditions, verdicts);
}

/** Adds a rule with conditions for the call with this number. */
export function addCondition(
  table: CallTable,
  number: number,
  value: number,
  conditions: readonly Condition[],
  verdicts: Verdict[],
): void {
  const at = number >= nearCells ? number + nearCells - farBase : number;
  if (at === number && number > table.last) table.last = number;
  const cell = table.cells[at]!;
  const known = verdicts[cell]!;
  if (typeof known !== "number") {
    known.rules.push({ value, conditions });
  } else {
    const otherwise = cell === 0 ? undefined : known;
    table.cells[at] = verdicts.push({ rules: [{ value, conditions }], otherwise }) - 1;
  }
}

/**
 * Called when all rules are in. Of the rules that match a call the strictest decides, as the kernel does it with
 * several filters, so the order of a profile's rules cannot weaken it: they are put into that order, and left
 * out where a rule without conditions is as strict.
 */
export function settle(verdicts: Verdict[]): void {
  const fallback = verdicts[0] as number;
  for (let i = 1; i < verdicts.length; i++) {
    const verdict = verdicts[i]!;
    if (typeof verdict === "number") continue;
    const { otherwise } = verdict;
    if (otherwise === undefined) verdict.otherwise = fallback;
    else verdict.rules = verdict.rules.filter((rule) => strictness(rule.value) < strictness(otherwise));
    if (verdict.rules.length === 0) verdicts[i] = otherwise!;
    // The sort is stable: rules of the same strictness keep their order.
    else if (verdict.rules.length > 1)
      verdict.rules.sort((a, b) => strictness(a.value) - strictness(b.value));
  }
}

/**
 * The table as ranges: appends to `starts` the first number of each (with the ABI's base) and to `places` the
 * verdict from there on. Neighbours that are treated alike are one range.
 *
 * @param beyond verdict for calls after the last one the profile knows
 */
export function appendRanges(table: CallTable, starts: number[], places: number[], beyond: number): void {
  const { cells, last } = table;
  const { base } = table.abi;
  let before = -1;
  for (let at = 0; at <= last; at++) {
    const cell = cells[at]!;
    if (cell === before) continue;
    starts.push(base + at);
    places.push(cell);
    before = cell;
  }
  if (before !== beyond) {
    starts.push(base + last + 1);
    places.push(beyond);
  }
  if (table.abi.name !== "SCMP_ARCH_ARM") return;
  before = beyond;
  for (let i = 0; i < farCells; i++) {
    const cell = cells[nearCells + i]! || beyond;
    if (cell === before) continue;
    starts.push(farBase + i);
    places.push(cell);
    before = cell;
  }
}
