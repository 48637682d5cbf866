// Random configurations under `husk oci run`: what is right becomes a container, some of them beside runc; what is wrong
// becomes one line. HUSK_SEED repeats a run, and npm run test:soak makes many more.
import { expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import {
  type Bundle,
  type Config,
  huskRuntime,
  isSoak,
  makeBundle,
  needs,
  type Result,
  run,
  runcRuntime,
  temporaryFolder,
} from "./harness/index.ts";
import { configure, type Draw, draws, faults, placesIn, put } from "./oci-configurations.ts";

const needed = { root: true, command: ["busybox", "runc"] } as const;
const seed = Number(process.env.HUSK_SEED ?? Date.now() % 1e9);
const rounds = (few: number): number => (isSoak ? 50 * few : few);
const id = `random-${process.pid}`;
const TIME = isSoak ? 3_600_000 : 60_000;

/** One bundle for all: containers come and go, the root file system stays. */
async function prepare(): Promise<{ bundle: Bundle; source: string; original: Config }> {
  const bundle = makeBundle(["true"]);
  const source = temporaryFolder("source");
  // Root of a user namespace has no rights over the host's root's files.
  await run(["chmod", "-R", "a+rwX", bundle.rootfs, source]);
  for (const name of ["mnt0", "mnt1", "mnt2"]) {
    for (const place of ["one", "two", "deep/er"])
      mkdirSync(join(bundle.rootfs, name, place), { recursive: true });
  }
  mkdirSync(join(bundle.rootfs, "made/for/it"), { recursive: true });
  mkdirSync(join(bundle.rootfs, "dev/deep"), { recursive: true });
  return { bundle, source, original: structuredClone(bundle.config) };
}

function write(bundle: Bundle, config: Config): void {
  writeFileSync(join(bundle.path, "config.json"), JSON.stringify(config, undefined, 1));
}

/** What a container could leave on this machine. */
function leftovers(bundle: Bundle, states: string): string[] {
  const found = existsSync(states) ? readdirSync(states).map((name) => `state ${name}`) : [];
  for (const hierarchy of readdirSync("/sys/fs/cgroup"))
    if (existsSync(`/sys/fs/cgroup/${hierarchy}/husk-${id}`)) found.push(`group of ${hierarchy}`);
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n"))
    if (line.includes(bundle.path)) found.push(line);
  return found;
}

const shown = (draw: unknown, { status, stdout, stderr }: Result): string =>
  `seed ${seed}: ${JSON.stringify(draw)}: ${status} ${stdout}${stderr}`;

needs(needed)(
  "what is right becomes a container that runs, as under runc, and leaves nothing",
  async () => {
    const { bundle, source, original } = await prepare();
    const [husk, runc] = [huskRuntime(), runcRuntime()];
    let turn = 0;
    await fc.assert(
      fc.asyncProperty(draws, async (draw: Draw) => {
        const config = configure(original, draw, source);
        write(bundle, config);
        const result = await husk.call(["run", "--bundle", bundle.path, id]);
        const words = shown(draw, result);
        expect([words, result.status, result.stdout]).toEqual([words, draw.status, "ran\n"]);
        expect([words, ...leftovers(bundle, husk.root)]).toEqual([words]);
        // Of what runc 1.1 knows, the same comes of it there.
        if (turn++ % 8 !== 0 || draw.namespaces.includes("time")) return;
        const other = await runc.call(["run", "--bundle", bundle.path, id]);
        await runc.call(["delete", "--force", id]);
        // What it refuses, such as sysfs without a network namespace, husk finds a way for.
        if (!other.stderr.includes("level=error"))
          expect([words, other.status]).toEqual([words, draw.status]);
      }),
      { seed, numRuns: rounds(40), interruptAfterTimeLimit: TIME / 2, markInterruptAsFailure: false },
    );
  },
  TIME,
);

needs(needed)(
  "what has a fault runs nevertheless, or is one line that names the place, and leaves nothing",
  async () => {
    const { bundle, source, original } = await prepare();
    const husk = huskRuntime();
    const mutation = fc.record({
      draw: draws,
      place: fc.nat(),
      fault: fc.constantFrom(undefined, ...faults),
    });
    await fc.assert(
      fc.asyncProperty(mutation, async ({ draw, place, fault }) => {
        const config = configure(original, draw, source);
        const places = placesIn(config).filter(([first]) => first !== "annotations");
        const path = places[place % places.length]!;
        put(config, path, fault);
        write(bundle, config);
        const result = await husk.call(["run", "--bundle", bundle.path, id]);
        const words = shown({ path, fault, config }, result);
        const lines = result.stderr.trim().split("\n");
        expect([words, ...leftovers(bundle, husk.root)]).toEqual([words]);
        expect([words, /unexpected failure|keeper failed|Error:|undefined/.test(result.stderr)]).toEqual([
          words,
          false,
        ]);
        if (result.stdout === "ran\n") return;
        // It may have become another program, or another way to run it: then the words are that one's.
        if (!result.stderr.includes("level=error")) return;
        const errors = lines.filter((line) => line.includes("level=error"));
        expect([words, result.status, errors.length]).toEqual([words, result.status, 1]);
        const names = path.filter((key) => typeof key === "string").slice(-2);
        const values = [fault, ...path].map(String);
        const named = [...names, ...values, "mount", "hook", "device", "working directory", "id ", "exec"];
        expect([words, named.some((name) => name !== "" && errors[0]!.includes(name))]).toEqual([
          words,
          true,
        ]);
      }),
      { seed, numRuns: rounds(80), interruptAfterTimeLimit: TIME / 2, markInterruptAsFailure: false },
    );
  },
  TIME,
);
