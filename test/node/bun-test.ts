// What stands for "bun:test" on Node.
import { after, afterEach, before, beforeEach, describe, test as nodeTest } from "node:test";

export { expect } from "./expect.ts";
export { afterEach, beforeEach, describe };

type Body = () => unknown;
export const beforeAll = (body: Body, timeout = 5000): void =>
  before(async () => void (await body()), { timeout });
export const afterAll = (body: Body, timeout = 5000): void =>
  after(async () => void (await body()), { timeout });

const run = (name: string, body: Body, timeout = 5000): void => {
  void nodeTest(name, { timeout }, async () => void (await body()));
};

export const test = Object.assign(run, {
  skip: (name: string, _body?: Body): void => void nodeTest(name, { skip: true }),
});
