// Runs the whole suite, or the parts named: check, unit, root, engines, user, single, vm. Everything else on the command line
// goes to `bun test`: `npm test -- root --randomize`, `npm test -- unit -t seccomp`,
// `npm test -- user test/run-flags.test.ts`, `npm test -- vm memory`. The last line is `N passed, N failed, N skipped`.
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isRoot, isSoak } from "../harness/needs.ts";
import { userWithoutRanges, userWithRanges } from "../harness/user.ts";
import { reportFolder } from "./bun-test.ts";
import { runProgram } from "./command.ts";
import { runSystemTests, runUnitTests } from "./guarded.ts";
import { differences, ofMachine } from "./left-behind.ts";
import {
  countsOf,
  failedOnce,
  type Order,
  type Outcome,
  passedOnce,
  printSkips,
  sum,
  total,
} from "./part.ts";
import { runVirtualMachine } from "../vm/main.ts";

const minutes = isSoak ? 90 : 20;
const terminal = 1;

/** Types, lint, format and the API report: each counts as one test. */
async function check({ output }: Order): Promise<Outcome> {
  const results: Outcome[] = [];
  for (const script of ["types", "lint", "format:check", "api:check"])
    results.push(
      (await runProgram(["npm", "run", "--silent", script], { output })) === 0
        ? passedOnce(script)
        : failedOnce(`npm run ${script}`),
    );
  return sum(results);
}

const parts: Record<string, readonly [title: string, run: (order: Order) => Promise<Outcome>]> = {
  check: ["types, lint, format, API report", check],
  unit: ["unit tests", runUnitTests],
  root: ["system tests as root", (order) => runSystemTests("root", undefined, order)],
  engines: [
    "system tests beside other engines, as root",
    (order) => runSystemTests("engines", undefined, order),
  ],
  user: [
    "system tests as an ordinary user with a range of ids",
    (order) => runSystemTests("user", userWithRanges, order),
  ],
  single: [
    "system tests as an ordinary user with its own id only",
    (order) => runSystemTests("single", userWithoutRanges, order),
  ],
  vm: ["in a virtual machine", runVirtualMachine],
};

/** Parts that follow each other, and then those of which two are at work at a time, the longest first. */
const alone: readonly string[] = ["check", "unit"];
const inPairs: readonly string[] = ["root", "vm", "engines", "user", "single"];

/** Runs a part; what it prints beside others comes out in one piece at its end. */
async function runPart(name: string, isAlone: boolean, given: Omit<Order, "output">): Promise<Outcome> {
  const [title, run] = parts[name]!;
  const log = `${reportFolder}/${name}.log`;
  const output = isAlone ? terminal : openSync(log, "w");
  if (isAlone) console.log(`\n── ${title}`);
  const begin = performance.now();
  const outcome = await run({ ...given, output });
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  if (!isAlone) {
    closeSync(output);
    console.log(`\n── ${title}\n${readFileSync(log, "utf8").trimEnd()}`);
  }
  console.log(`   ${countsOf(outcome)} in ${seconds} s`);
  return outcome;
}

/** A part's tests wait more than they compute, and share neither users nor namespaces with another's. */
async function runParts(wanted: readonly string[], given: Omit<Order, "output">): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (const name of alone) if (wanted.includes(name)) outcomes.push(await runPart(name, true, given));
  const waiting = inPairs.filter((name) => wanted.includes(name));
  const isAlone = waiting.length === 1;
  const line = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
      outcomes.push(await runPart(name, isAlone, given));
  };
  await Promise.all([line(), line()]);
  return sum(outcomes);
}

async function main(args: readonly string[]): Promise<number> {
  const named = args.filter((arg) => arg in parts);
  const paths = args.filter((arg) => arg.includes("/") && !arg.startsWith("-"));
  const options = args.filter((arg) => !named.includes(arg) && !paths.includes(arg));
  rmSync(`${reportFolder}/summary`, { force: true });
  mkdirSync(reportFolder, { recursive: true });
  await runProgram(["test/install-packages"], { minutes: 20 });
  await runProgram(["test/install-node"], { minutes: 10 });
  await runProgram([process.execPath, "test/install-criu.ts"], { minutes: 5 });
  const built = (await runProgram(["scripts/build-package", "--if-stale"])) === 0;
  const outcomes: Outcome[] = built ? [] : [failedOnce("npm run build:package")];
  const needExecutable = new Set(["root", "engines", "user", "single", "vm"]);
  // Single files are root's to run.
  const all = Object.keys(parts).filter((name) => name !== "engines" || paths.length === 0);
  const wanted = (named.length > 0 ? named : all).filter((name) => built || !needExecutable.has(name));
  const before = ofMachine();
  outcomes.push(
    await runParts(wanted, {
      options,
      paths: paths.map((path) => (path.startsWith("/") ? path : `./${path}`)),
      minutes,
    }),
  );
  const found = await differences(before, ofMachine);
  for (const line of found) console.log(line);
  if (found.length > 0) outcomes.push(failedOnce("the machine is not as it was (see above)"));
  const result = total(outcomes);
  printSkips(result.skips);
  for (const failure of result.failures) console.log(`failed: ${failure}`);
  writeFileSync(`${reportFolder}/summary`, `${countsOf(result)}\n`);
  console.log(countsOf(result));
  return result.failures.length > 0 || result.passed.length === 0 ? 1 : 0;
}

if (!isRoot) console.log("not root: the tests that need root are skipped");
process.exit(await main(process.argv.slice(2)));
