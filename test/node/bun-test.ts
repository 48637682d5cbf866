// What stands for "bun:test" on Node.
import { after, afterEach, before, beforeEach, describe, test as nodeTest } from "node:test";

export { expect } from "./expect.ts";
export { afterEach, beforeEach, describe };

type Body = () => unknown;
/** Milliseconds: as long as under Bun (test/suite/bun-test.ts). */
const LONG = 120_000;
export const beforeAll = (body: Body, timeout = LONG): void =>
  before(async () => void (await body()), { timeout });
export const afterAll = (body: Body, timeout = LONG): void =>
  after(async () => void (await body()), { timeout });

const run = (name: string, body: Body, timeout = LONG): void => {
  void nodeTest(name, { timeout }, async () => void (await body()));
};

export const test = Object.assign(run, {
  skip: (name: string, _body?: Body): void => void nodeTest(name, { skip: true }),
});
