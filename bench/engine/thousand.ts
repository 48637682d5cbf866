import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Engine, openEngine } from "../../src/index.ts";
import type { Comparison } from "../context.ts";
import { compare, type Figure } from "../result.ts";
import { proportionalMemory } from "../sizes.ts";
import { huskWithImage } from "./husk.ts";

const CONTAINERS = 1000;
/** Milliseconds in which nothing may run. */
const QUIET = 3000;

/** A thousand containers of an image: starting and removing them, looking at them, what they take while they sleep. */
export const thousand: Comparison = {
  name: "engine-thousand",
  async run(context) {
    const { husk, root, keeper, spawn, rounds } = context;
    const { image } = huskWithImage(context);
    const engine = await openEngine({ root, run: `${root}/run`, keeper, husk: [husk] });
    const figures: Figure[] = [];
    try {
      figures.push({
        name: "starts, one after another",
        ...(await startAll(engine, image)),
        atLeast: true,
        bound: 100,
      });
      const keepers = keepersOf(root);
      figures.push(...memory(keepers), ...(await idleness(keepers)));
      const commands = [
        { name: `ps of ${CONTAINERS}`, argv: [husk, "ps"] },
        { name: `ps -q of ${CONTAINERS}`, argv: [husk, "ps", "-q"] },
        { name: "exec among them", argv: [husk, "exec", nameOf(0), "true"] },
        { name: "run --rm among them", argv: [husk, "run", "--rm", "--network", "none", image, "true"] },
      ];
      const timed = compare(spawn(commands, { rounds: Math.ceil(rounds / 2) }), []);
      figures.push({ name: "ps, median", value: timed[0]?.wall.median ?? Number.NaN, unit: "ms", bound: 60 });
      const about = `${CONTAINERS} detached containers of busybox, sleeping`;
      return { name: "engine-thousand", about, timed, figures, notes: [] };
    } finally {
      const begin = Bun.nanoseconds();
      for (const { record } of engine.containers.list({ all: true }))
        await engine.containers.get(record.id).remove({ force: true });
      figures.push({ name: "removed by force, one after another", ...perSecond(begin) });
    }
  },
};

const nameOf = (i: number): string => `husk-bench-${i}`;

async function startAll(engine: Engine, image: string): Promise<{ value: number; unit: string }> {
  const begin = Bun.nanoseconds();
  for (let i = 0; i < CONTAINERS; i++) {
    await engine.containers.run(image, ["sleep", "600"], {
      name: nameOf(i),
      network: "none",
      pull: "never",
    });
  }
  return perSecond(begin);
}

function perSecond(begin: number): { value: number; unit: string } {
  return { value: CONTAINERS / ((Bun.nanoseconds() - begin) / 1e9), unit: "a second" };
}

/** The parents of the containers' first processes. */
function keepersOf(root: string): number[] {
  const folder = join(root, "run/containers");
  return readdirSync(folder)
    .filter((entry) => entry.endsWith(".pid"))
    .map((entry) => {
      const pid = readFileSync(join(folder, entry), "latin1").trim();
      return Number(/^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
    });
}

function memory(keepers: readonly number[]): Figure[] {
  const values = keepers.map(proportionalMemory);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [
    { name: `keeper, each of ${values.length}`, value: mean, unit: "kB PSS", bound: 64 },
    { name: "keeper, the largest", value: Math.max(...values), unit: "kB PSS", bound: 64 },
  ];
}

/** A process that is never switched to in a while did not run; there is no other of ours. */
async function idleness(keepers: readonly number[]): Promise<Figure[]> {
  const before = keepers.map(switches);
  await Bun.sleep(QUIET);
  const woken = keepers.filter((pid, i) => switches(pid) !== before[i]).length;
  return [{ name: `keepers that ran within ${QUIET / 1000} seconds`, value: woken, unit: "", bound: 0 }];
}

/** How often a process gave up the processor or lost it. */
function switches(pid: number): number {
  let sum = 0;
  for (const [, count] of readFileSync(`/proc/${pid}/status`, "latin1").matchAll(/ctxt_switches:\t(\d+)/g))
    sum += Number(count);
  return sum;
}
