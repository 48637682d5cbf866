import { strictness } from "./action.ts";
import type { Abi } from "./architectures.ts";
import type { Condition } from "./condition.ts";

/** Arm has a few calls far from the others (__ARM_NR_BASE); the table keeps them at its end. */
const farBase = 0xf0000;
const farCells = 16;
const nearCells = 1024;

/** What happens to one call: conditional rules, and the action if none of them matches. */
export interface Verdict {
  readonly rules: { value: number; conditions: readonly Condition[] }[];
  plain: number | undefined;
}

/**
 * What a profile says about each call of one ABI. Of the rules that match a call, the strictest decides, as
 * the kernel does it with several filters, so the order of a profile's rules cannot weaken it. Of several
 * rules without conditions the first counts (libseccomp).
 */
export class CallTable {
  readonly abi: Abi;
  /** The highest number any rule is about; calls added to the kernel later come after it. */
  last = -1;
  /** Per number: 0 nothing said, a return value's index + 1, or -(index of a verdict + 1). */
  readonly #cells = new Int32Array(nearCells + farCells);
  readonly #values: number[] = [];
  readonly #verdicts: Verdict[] = [];

  constructor(abi: Abi) {
    this.abi = abi;
  }

  /** Adds a rule for call `number`: return `value`, if the conditions hold. */
  add(number: number, value: number, conditions: readonly Condition[] | undefined): void {
    const at = number < nearCells ? number : number - farBase + nearCells;
    if (number < nearCells && number > this.last) this.last = number;
    const cell = this.#cells[at]!;
    if (conditions !== undefined) {
      this.#verdictAt(at, cell).rules.push({ value, conditions });
    } else if (cell === 0) {
      this.#cells[at] = this.#indexOf(value) + 1;
    } else if (cell < 0) {
      this.#verdicts[-cell - 1]!.plain ??= value;
    }
  }

  /**
   * The table as ranges: appends to `starts` the first number of each (with the ABI's base) and to `verdicts`
   * what happens from there on. Neighbours that are treated alike are one range.
   *
   * @param fallback return value of calls no rule is about
   * @param beyond return value of calls after the last one known to the profile
   */
  ranges(starts: number[], verdicts: (number | Verdict)[], fallback: number, beyond: number): void {
    const { base } = this.abi;
    let before: number | Verdict | undefined;
    for (let at = 0; at <= this.last; at++) {
      const verdict = this.#verdict(this.#cells[at]!, fallback);
      if (verdict === before) continue;
      starts.push(base + at);
      verdicts.push(verdict);
      before = verdict;
    }
    if (before !== beyond) {
      starts.push(base + this.last + 1);
      verdicts.push(beyond);
      before = beyond;
    }
    for (let at = nearCells; at < nearCells + farCells; at++) {
      const cell = this.#cells[at]!;
      const verdict = cell === 0 ? beyond : this.#verdict(cell, fallback);
      if (verdict === before) continue;
      starts.push(farBase + at - nearCells);
      verdicts.push(verdict);
      before = verdict;
    }
  }

  #verdict(cell: number, fallback: number): number | Verdict {
    if (cell === 0) return fallback;
    if (cell > 0) return this.#values[cell - 1]!;
    return settle(this.#verdicts[-cell - 1]!, fallback);
  }

  #verdictAt(at: number, cell: number): Verdict {
    if (cell < 0) return this.#verdicts[-cell - 1]!;
    const plain = cell === 0 ? undefined : this.#values[cell - 1]!;
    const verdict = { rules: [], plain };
    this.#verdicts.push(verdict);
    this.#cells[at] = -this.#verdicts.length;
    return verdict;
  }

  #indexOf(value: number): number {
    const index = this.#values.indexOf(value);
    return index === -1 ? this.#values.push(value) - 1 : index;
  }
}

/** Strictest rules first; those an unconditional rule makes void are left out. */
function settle(verdict: Verdict, fallback: number): number | Verdict {
  const { plain } = verdict;
  const rules =
    plain === undefined
      ? verdict.rules
      : verdict.rules.filter((rule) => strictness(rule.value) < strictness(plain));
  if (rules.length === 0) return plain!;
  // Array.prototype.sort is stable: rules of the same strictness keep their order.
  if (rules.length > 1) rules.sort((a, b) => strictness(a.value) - strictness(b.value));
  return { rules, plain: plain ?? fallback };
}
