import { expect, test } from "bun:test";
import type { ContainerRecord } from "../container/record.ts";
import { isTag, tagOf } from "./tag.ts";

const record = (tag?: string): ContainerRecord => ({
  format: 1,
  id: "0123456789abcdef".repeat(4),
  name: "web",
  created: 0,
  source: { kind: "host", with: [] },
  inputOnce: false,
  options: { command: ["true"], ...(tag === undefined ? {} : { log: { tag } }) },
});

test.each([
  [undefined, "web"],
  ["", "web"],
  ["plain", "plain"],
  ["{{.ImageName}}/{{ .Name }}/{{.ID}}", "host/web/0123456789ab"],
])("%s is %s", (tag, text) => expect(tagOf(record(tag))).toBe(text));

test("what is no plain field is no tag", () => {
  expect(["{{.Name}}", "a"].map(isTag)).toEqual([true, true]);
  expect(["{{.Nmae}}", "{{json .}}", "{{.Name", "a\nb", "{{.constructor}}"].map(isTag)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
});
