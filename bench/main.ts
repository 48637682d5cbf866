// bun bench/main.ts [--rounds N] [--json] [--fresh-disk] [NAME…]: compares husk with what else is installed, in one run.
//   NAME…       only comparisons whose name contains one of these
//   --rounds N  how often each command runs (60)
//   --json      one JSON document instead of tables
//   --fresh-disk  all have their state on an empty ext4 with a journal, in a file; else where temporary files stand
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { bigProfile, makeBundle } from "./bundle.ts";
import { byHand } from "./by-hand.ts";
import { callers } from "./callers.ts";
import { type Comparison, type Context, repository } from "./context.ts";
import { execs } from "./engine/exec.ts";
import { forks } from "./engine/fork.ts";
import { life } from "./engine/life.ts";
import { logs } from "./engine/log.ts";
import { thousand } from "./engine/thousand.ts";
import { engines, hostImage } from "./host-image.ts";
import { imageLayers } from "./image-layers.ts";
import { keeperShare } from "./keeper-share.ts";
import { library } from "./library.ts";
import { many } from "./many.ts";
import { ociCommands } from "./oci-commands.ts";
import { ociRun } from "./oci-run.ts";
import { phases } from "./phases.ts";
import { pull } from "./pull.ts";
import type { Result } from "./result.ts";
import { help, sizes } from "./sizes.ts";
import { makeSpawner } from "./spawn-time.ts";
import { enterSurroundings, ownFolder, removeLeftGroups } from "./surroundings.ts";
import { formatResult } from "./table.ts";

const comparisons: readonly Comparison[] = [
  ...ociRun,
  ociCommands,
  callers,
  hostImage,
  engines,
  imageLayers,
  life,
  execs,
  thousand,
  logs,
  forks,
  keeperShare,
  library,
  help,
  byHand,
  sizes,
  many,
  phases,
  pull,
];

interface Wishes {
  readonly names: readonly string[];
  readonly rounds: number;
  readonly json: boolean;
  readonly freshDisk: boolean;
}

function readArguments(argv: readonly string[]): Wishes {
  const names: string[] = [];
  let rounds = 60;
  let json = false;
  let freshDisk = false;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string;
    if (word === "--json") json = true;
    else if (word === "--fresh-disk") freshDisk = true;
    else if (word === "--rounds") rounds = Number(argv[++i]);
    else if (word.startsWith("-") || !comparisons.some(({ name }) => name.includes(word))) {
      throw new Error(`unknown: ${word}; comparisons are ${comparisons.map(({ name }) => name).join(", ")}`);
    } else names.push(word);
  }
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds needs a number");
  return { names, rounds, json, freshDisk };
}

async function makeContext(folder: string, rounds: number): Promise<Context> {
  const [husk, keeper] = [join(repository, "dist/husk"), join(repository, "dist/keeper")];
  const root = join(folder, "state");
  if (!existsSync(husk)) Bun.spawnSync([join(repository, "scripts/build")], { stdio: ["ignore", 2, 2] });
  return {
    folder,
    rounds,
    spawn: makeSpawner(folder),
    husk,
    keeper,
    root,
    bundle: await makeBundle(join(folder, "bundle")),
    sleepBundle: await makeBundle(join(folder, "sleep-bundle"), (spec) => {
      spec.process.args = ["/bin/sleep", "100"];
    }),
    seccompBundle: await makeBundle(join(folder, "seccomp-bundle"), (spec) => {
      spec.linux.seccomp = bigProfile();
    }),
  };
}

async function main(): Promise<void> {
  const { names, rounds, json, freshDisk } = readArguments(process.argv.slice(2));
  if (process.geteuid?.() !== 0) throw new Error("the peers need root here: sudo npm run bench");
  const folder = ownFolder();
  if (folder === undefined) return inSurroundings(freshDisk);
  const machine = {
    cpu: cpus()[0]?.model ?? "",
    cpus: cpus().length,
    kernel: kernel(),
    load: loadavg()[0] ?? 0,
  };
  if (!json)
    console.log(
      `${machine.cpus} × ${machine.cpu}, Linux ${machine.kernel}, load ${machine.load.toFixed(1)}\n`,
    );
  const results: Result[] = [];
  try {
    const context = await makeContext(folder, rounds);
    for (const comparison of comparisons) {
      if (names.length > 0 && !names.some((name) => comparison.name.includes(name))) continue;
      const result = await attempt(comparison, context);
      results.push(result);
      if (!json) console.log(`${formatResult(result)}\n`);
    }
  } finally {
    removeLeftGroups("husk-bench-");
  }
  if (json) console.log(JSON.stringify({ machine, results }, undefined, 2));
}

function inSurroundings(freshDisk: boolean): void {
  const folder = mkdtempSync(join(tmpdir(), "husk-bench-"));
  try {
    enterSurroundings(process.argv.slice(1), folder, freshDisk);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What cannot be measured here is said, and the rest goes on. */
async function attempt(comparison: Comparison, context: Context): Promise<Result> {
  try {
    return await comparison.run(context);
  } catch (error) {
    const { name } = comparison;
    return { name, about: "not measured", timed: [], figures: [], notes: [(error as Error).message] };
  }
}

function kernel(): string {
  return Bun.spawnSync(["uname", "-r"]).stdout.toString().trim();
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
}
// A measurement is no test: whatever it shows, it has been made.
process.exit(0);
