// docs/security.md says which tests try which weakness: it has to be true.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./harness/index.ts";

test("each weakness in docs/security.md is in the tests it names, and each one in a test's name is in it", () => {
  const table = new Map<string, string[]>();
  for (const line of readFileSync(join(repository, "docs/security.md"), "utf8").split("\n")) {
    if (!line.startsWith("| CVE-")) continue;
    const files = [...line.matchAll(/`((?:test|src)\/[^`]+)`/g)].map((match) => match[1]!);
    for (const [number] of line.matchAll(/CVE-\d+-\d+/g)) table.set(number, files);
  }
  for (const [number, files] of table) {
    const found = files.filter((file) => readFileSync(join(repository, file), "utf8").includes(number));
    expect([number, found.length > 0]).toEqual([number, true]);
  }
  const named = new Set<string>();
  for (const file of readdirSync(join(repository, "test")).filter((name) => name.endsWith(".test.ts")))
    for (const [number] of readFileSync(join(repository, "test", file), "utf8").matchAll(/CVE-\d+-\d+/g))
      named.add(number);
  expect([...named].filter((number) => !table.has(number))).toEqual([]);
});
