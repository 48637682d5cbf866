// An engine of a test file's own, with commands for a container's life.
import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { type Engine, engine, processStatus, type Result, waitFor } from "./harness/index.ts";

export const of = engine();
export const env = { HUSK_ROOT: of.root, HUSK_RUN: of.run };
/** For after the last test of a file. */
export const removeContainers = async (): Promise<void> => {
  for (const { root, husk } of [of, ...others]) {
    const ids = existsSync(join(root, "containers")) ? readdirSync(join(root, "containers")) : [];
    if (ids.length > 0) await husk(["rm", "-f", ...ids]);
  }
};
const others: Engine[] = [];
export const another = (): Engine => {
  const made = engine();
  others.push(made);
  return made;
};

let count = 0;
export const newName = (): string => `life-${++count}`;
/** A command that has to go well; its output without the last line end. */
export const husk = async (args: readonly string[], at: Engine = of): Promise<string> =>
  (await at.must(args)).trimEnd();
/** A command that has to fail. */
export const fails = async (args: readonly string[], at: Engine = of): Promise<Result> => {
  const result = await at.husk(args);
  expect([args, result.status === 0]).toEqual([args, false]);
  return result;
};
export const begin = async (flags: readonly string[], ...command: string[]): Promise<string> => {
  const name = newName();
  const id = await husk(["run", "-d", "--name", name, ...flags, "host", ...command]);
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  return name;
};

/** Waits until a container's first process has a handler for a signal; before, pid 1 does not get it. */
export async function hears(
  name: string,
  signal: keyof typeof constants.signals,
  at: Engine = of,
): Promise<void> {
  const bit = 1n << BigInt(constants.signals[signal] - 1);
  const pid = await pidOf(name, at);
  await waitFor(`${name} to listen`, () => (BigInt(`0x${processStatus(pid, "SigCgt") ?? "0"}`) & bit) !== 0n);
}
export const state = (
  name: string,
  format = "{{.State.Status}} {{.State.ExitCode}}",
  at: Engine = of,
): Promise<string> => husk(["inspect", "-f", format, name], at);
export const becomes = (name: string, wanted: string, at: Engine = of): Promise<unknown> =>
  waitFor(`${name} ${wanted}`, async () => (await state(name, undefined, at)) === wanted, 20_000);
export const pidOf = async (name: string, at: Engine = of): Promise<number> =>
  Number(await state(name, "{{.State.Pid}}", at));
export const keeperOf = (pid: number): number =>
  Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
