// The matchers of Bun's `expect` that tests of the library use, on Node.
import { AssertionError } from "node:assert";
import { inspect } from "node:util";

/** Stands for any value that fits. */
class Fitting {
  readonly #words: string;
  readonly fits: (value: unknown) => boolean;

  constructor(words: string, fits: (value: unknown) => boolean) {
    this.#words = words;
    this.fits = fits;
  }

  [inspect.custom](): string {
    return this.#words;
  }
}

/** As toEqual has it: a property that is undefined is none. `part`: further properties do not matter. */
function equal(actual: unknown, wanted: unknown, part = false): boolean {
  if (wanted instanceof Fitting) return wanted.fits(actual);
  if (Object.is(actual, wanted)) return true;
  if (typeof actual !== "object" || typeof wanted !== "object" || actual === null || wanted === null)
    return false;
  if (Array.isArray(actual) !== Array.isArray(wanted)) return false;
  if (Array.isArray(actual) && actual.length !== (wanted as unknown[]).length) return false;
  if (actual instanceof Uint8Array || wanted instanceof Uint8Array)
    return inspect(actual, { maxArrayLength: null }) === inspect(wanted, { maxArrayLength: null });
  const [a, b] = [actual as Record<string, unknown>, wanted as Record<string, unknown>];
  const keys = new Set([...(part ? [] : Object.keys(a)), ...Object.keys(b)]);
  return [...keys].every((key) => equal(a[key], b[key], part));
}

type Check = (...wanted: unknown[]) => boolean;

function checksOf(actual: unknown): Record<string, Check> {
  const text = String(actual);
  const number = actual as number;
  return {
    toBe: (wanted) => Object.is(actual, wanted),
    toEqual: (wanted) => equal(actual, wanted),
    toMatchObject: (wanted) => equal(actual, wanted, true),
    toMatch: (wanted) => (wanted instanceof RegExp ? wanted.test(text) : text.includes(String(wanted))),
    toContain: (wanted) =>
      Array.isArray(actual)
        ? actual.includes(wanted)
        : typeof actual === "string" && text.includes(String(wanted)),
    toBeInstanceOf: (wanted) => actual instanceof (wanted as new () => unknown),
    toBeUndefined: () => actual === undefined,
    toBeDefined: () => actual !== undefined,
    toHaveLength: (wanted) => (actual as { length: number }).length === wanted,
    toBeGreaterThan: (wanted) => number > Number(wanted),
    toBeGreaterThanOrEqual: (wanted) => number >= Number(wanted),
    toBeLessThan: (wanted) => number < Number(wanted),
    toThrow: (wanted) => {
      try {
        (actual as () => unknown)();
      } catch (error) {
        return wanted === undefined || isError(error, wanted);
      }
      return false;
    },
  };
}

function isError(error: unknown, wanted: unknown): boolean {
  const { message } = error as Error;
  if (wanted instanceof RegExp) return wanted.test(message);
  return typeof wanted === "function" ? error instanceof wanted : message.includes(String(wanted));
}

type Matchers = Record<string, (...wanted: unknown[]) => void>;

function matchersOf(actual: unknown, isNot: boolean): Matchers {
  return Object.fromEntries(
    Object.entries(checksOf(actual)).map(([name, check]) => [
      name,
      (...wanted: unknown[]) => {
        if (check(...wanted) !== isNot) return;
        const words = `expected ${inspect(actual)}${isNot ? " not" : ""} ${name} ${wanted.map((value) => inspect(value)).join(", ")}`;
        throw new AssertionError({ message: words, actual, expected: wanted[0], stackStartFn: matchersOf });
      },
    ]),
  );
}

/** Matchers of a promise's outcome. */
function later(outcome: Promise<unknown>): Record<string, (...wanted: unknown[]) => Promise<void>> {
  return Object.fromEntries(
    Object.keys(checksOf(undefined)).map((name) => [
      name,
      async (...wanted: unknown[]) => {
        const value = await outcome;
        const actual =
          name === "toThrow"
            ? (): never => {
                throw value;
              }
            : value;
        matchersOf(actual, false)[name]!(...wanted);
      },
    ]),
  );
}

async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  const value = await promise.then(
    (resolved) => ({ resolved }),
    (rejected: unknown) => ({ rejected }),
  );
  if ("rejected" in value) return value.rejected;
  throw new AssertionError({ message: `expected a rejection, but got ${inspect(value.resolved)}` });
}

export const expect = Object.assign(
  (actual: unknown) => ({
    ...matchersOf(actual, false),
    not: matchersOf(actual, true),
    get resolves() {
      return later(actual as Promise<unknown>);
    },
    get rejects() {
      return later(rejectionOf(actual as Promise<unknown>));
    },
  }),
  {
    stringContaining: (part: string) =>
      new Fitting(`a string with ${part}`, (value) => typeof value === "string" && value.includes(part)),
    stringMatching: (pattern: RegExp) =>
      new Fitting(
        `a string like ${String(pattern)}`,
        (value) => typeof value === "string" && pattern.test(value),
      ),
    any: (type: { name: string }) =>
      new Fitting(
        `any ${type.name}`,
        (value) => Object(value) instanceof (type as unknown as new () => unknown),
      ),
  },
);
