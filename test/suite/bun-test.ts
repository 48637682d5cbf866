// Runs `bun test` and reads its JUnit report.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { repository } from "../harness/husk.ts";
import { runProgram } from "./command.ts";
import { failedOnce, type Order, type Outcome, type Skip, sum } from "./part.ts";

/** Status of a wrapped run (guard, subreaper) after which something was left behind. */
const leftBehind = 99;

export interface BunTest {
  /** How the part is called in what is printed. */
  readonly part: string;
  /** With at least one path. */
  readonly order: Order;
  readonly reportPath: string;
  /** The program and arguments that start `bun test` in its surroundings. */
  readonly wrapper?: readonly string[];
  readonly env?: Record<string, string>;
}

export async function runBunTest(test: BunTest): Promise<Outcome> {
  const { options, paths, output, minutes } = test.order;
  rmSync(test.reportPath, { force: true });
  const status = await runProgram(
    [
      ...(test.wrapper ?? []),
      ...["node_modules/.bin/bun", "test", "--only-failures", "--timeout=120000"],
      ...["--reporter=junit", `--reporter-outfile=${test.reportPath}`],
      ...options,
      ...paths,
    ],
    { minutes, output, ...(test.env === undefined ? {} : { env: test.env }) },
  );
  const outcomes: Outcome[] = [];
  if (status === leftBehind) outcomes.push(failedOnce(`${test.part}: something was left behind (see above)`));
  if (status === 124) outcomes.push(failedOnce(`${test.part}: stopped after ${minutes} minutes`));
  if (existsSync(test.reportPath)) {
    const report = readReport(readFileSync(test.reportPath, "utf8"), test.part);
    outcomes.push(report);
    if (status !== 0 && outcomes.length === 1 && report.failures.length === 0)
      outcomes.push(failedOnce(`${test.part}: bun test ended with status ${status}`));
  } else if (status !== 124) outcomes.push(failedOnce(`${test.part}: bun test ended with status ${status}`));
  return sum(outcomes);
}

/** Counts the test cases of a JUnit report; a skip's reason stands in its name (`[needs …]`). */
export function readReport(xml: string, part: string): Outcome {
  const passed: string[] = [];
  const failures: string[] = [];
  const skips: Skip[] = [];
  for (const [, attributes = "", body = ""] of xml.matchAll(
    /<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g,
  )) {
    const name = unescape(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? "");
    const file = unescape(/\bfile="([^"]*)"/.exec(attributes)?.[1] ?? "");
    const needs = /^(.*) \[needs (.*)\]$/.exec(name);
    const test = `${file}: ${needs?.[1] ?? name}`;
    if (body.includes("<skipped")) skips.push({ test, reason: needs?.[2] ?? "no reason given" });
    else if (body.includes("<failure") || body.includes("<error")) failures.push(`${part}: ${test}`);
    else passed.push(test);
  }
  return { passed, failures, skips };
}

function unescape(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll("&amp;", "&");
}

/** The folder of reports and compiled test programs. */
export const reportFolder = `${repository}/dist/test`;
