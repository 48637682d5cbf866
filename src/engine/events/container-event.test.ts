import { expect, test } from "bun:test";
import type { ContainerRecord } from "../container/record.ts";
import { diedAround } from "./container-event.ts";

const record = (labels: Record<string, string>, path = "/rootfs"): ContainerRecord => ({
  format: 1,
  id: "f".repeat(64),
  name: "web",
  created: 0,
  source: { kind: "rootfs", path },
  inputOnce: false,
  options: { command: [], labels },
});
/** The attributes of the event, with an exit code in its place. */
function diedOf(given: ContainerRecord): Record<string, string> {
  const { before, after } = diedAround(given);
  for (const part of [before, after]) expect(new TextEncoder().encode(part).length).toBeLessThanOrEqual(2000);
  return JSON.parse(`${before}137${after}`).Actor.Attributes;
}

test("the event of the end has labels, if there is room for them on either side of the exit code", () => {
  const usual = { exitCode: "137", image: "/rootfs", name: "web" };
  expect(diedOf(record({ a: "b", exitCode: "label" }))).toEqual({ a: "b", ...usual });
  for (const labels of [{ a: "x".repeat(1900) }, { a: "x".repeat(2500) }, { a: "é".repeat(1500) }])
    expect(diedOf(record(labels))).toEqual(usual);
  expect(diedOf(record({}, `/${"long/".repeat(700)}`))).toEqual({ exitCode: "137", name: "web" });
});
