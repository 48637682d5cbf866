import { type Home, runAttached } from "../src/engine/index.ts";
import type { Comparison } from "./context.ts";
import { runtimes } from "./oci-run.ts";
import { compare } from "./result.ts";
import type { Sample } from "./statistics.ts";

/** Until then the JavaScript engine still compiles what it has seen to be hot. */
const WARM_UP = 250;

/** Containers from a program that imports husk: one process, which has run some already. */
export const library: Comparison = {
  name: "library",
  async run(context) {
    const { rounds, spawn, root, keeper, bundle } = context;
    const home: Home = {
      folders: { root, run: `${root}/run` },
      keeper: { path: keeper },
      husk: [context.husk],
    };
    const once = async (): Promise<Sample> => {
      const [wall, cpu] = [Bun.nanoseconds(), process.cpuUsage()];
      const source = { kind: "bundle", path: bundle } as const;
      const { ended } = await runAttached(home, { source, command: [], rm: true });
      const { exitCode } = await ended;
      const used = process.cpuUsage(cpu);
      return {
        wall: (Bun.nanoseconds() - wall) / 1e6,
        cpu: (used.user + used.system) / 1e3,
        status: exitCode,
      };
    };
    for (let i = 0; i < WARM_UP; i++) await once();
    const crun = runtimes(context, bundle).filter(({ name }) => name === "crun run");
    const samples = new Map<string, Sample[]>([
      ["husk run() in-process", []],
      ["crun run", []],
    ]);
    for (let i = 0; i < rounds; i++) {
      samples.get("husk run() in-process")?.push(await once());
      if (crun.length > 0)
        samples.get("crun run")?.push(...(spawn(crun, { rounds: 1 }).get("crun run") ?? []));
    }
    const runs = 3 * rounds;
    const begin = Bun.nanoseconds();
    for (let i = 0; i < runs; i++) await once();
    const perSecond = runs / ((Bun.nanoseconds() - begin) / 1e9);
    return {
      name: "library",
      about: `one process after ${WARM_UP} runs: ${rounds} rounds, then ${runs} runs one after another`,
      timed: compare(samples, [{ contestant: "husk run() in-process", peer: "crun run", ratio: 0.6 }]),
      figures: [{ name: "one after another", value: perSecond, unit: "runs/s", bound: 150, atLeast: true }],
      notes: ["processor time in-process is this process's own, without the keeper's and the container's"],
    };
  },
};
