// Runs the whole suite, or the parts named: packages, check, unit, root, user, single, vm. Everything else on
// the command line goes to `bun test`: `npm test -- root --randomize`, `npm test -- unit -t seccomp`,
// `npm test -- user test/run/limits.test.ts`, `npm test -- vm memory`. The last line is `N passed, N failed, N skipped`.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { isRoot, isSoak } from "../harness/needs.ts";
import { userWithoutRanges, userWithRanges } from "../harness/user.ts";
import { reportFolder } from "./bun-test.ts";
import { runProgram } from "./command.ts";
import { countsOf, failedOnce, type Outcome, passedOnce, printSkips, sum, total } from "./part.ts";
import { runSystemTests, runUnitTests } from "./guarded.ts";
import { runVirtualMachine } from "../vm/main.ts";

const minutes = isSoak ? 90 : 20;

/** Types, lint, format and the API report: each counts as one test. */
async function check(): Promise<Outcome> {
  const results: Outcome[] = [];
  for (const script of ["types", "lint", "format:check", "api:check"])
    results.push(
      (await runProgram(["npm", "run", "--silent", script])) === 0
        ? passedOnce(script)
        : failedOnce(`npm run ${script}`),
    );
  return sum(results);
}

type Part = (options: readonly string[], paths: readonly string[]) => Promise<Outcome>;

const parts: Record<string, readonly [title: string, run: Part]> = {
  check: ["types, lint, format, API report", check],
  unit: ["unit tests", (options, paths) => runUnitTests(options, paths, minutes)],
  root: [
    "system tests as root",
    (options, paths) => runSystemTests("root", undefined, options, paths, minutes),
  ],
  user: [
    "system tests as an ordinary user with a range of ids",
    (options, paths) => runSystemTests("user", userWithRanges, options, paths, minutes),
  ],
  single: [
    "system tests as an ordinary user with its own id only",
    (options, paths) => runSystemTests("single", userWithoutRanges, options, paths, minutes),
  ],
  vm: ["in a virtual machine", (options) => runVirtualMachine(options)],
};

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
  const needExecutable = new Set(["root", "user", "single", "vm"]);
  for (const name of named.length > 0 ? named : Object.keys(parts)) {
    if (!built && needExecutable.has(name)) continue;
    const [title, run] = parts[name]!;
    console.log(`\n── ${title}`);
    const begin = performance.now();
    const outcome = await run(
      options,
      paths.map((path) => (path.startsWith("/") ? path : `./${path}`)),
    );
    outcomes.push(outcome);
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    console.log(`   ${countsOf(outcome)} in ${seconds} s`);
  }
  const result = total(outcomes);
  printSkips(result.skips);
  for (const failure of result.failures) console.log(`failed: ${failure}`);
  writeFileSync(`${reportFolder}/summary`, `${countsOf(result)}\n`);
  console.log(countsOf(result));
  return result.failures.length > 0 || result.passed.length === 0 ? 1 : 0;
}

if (!isRoot) console.log("not root: the tests that need root are skipped");
process.exit(await main(process.argv.slice(2)));
