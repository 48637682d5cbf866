import type { Comparison } from "../context.ts";
import { compare } from "../result.ts";
import type { Sample } from "../statistics.ts";
import { must } from "./exec.ts";
import { huskWithImage } from "./husk.ts";

const FROM = "husk-bench-from";
const MEGABYTES = 64;

/** `husk fork` of a stopped container that wrote a lot, and of one that runs. */
export const forks: Comparison = {
  name: "engine-fork",
  run(context) {
    const { husk, spawn } = context;
    const { image } = huskWithImage(context);
    const rounds = Math.ceil(context.rounds / 4);
    const samples = new Map<string, Sample[]>([
      ["fork, stopped", []],
      ["fork, running", []],
    ]);
    const write = `head -c ${MEGABYTES}000000 /dev/zero > /big; sleep 600`;
    must([husk, "run", "-d", "--name", FROM, "--network", "none", image, "sh", "-c", write]);
    try {
      for (let round = 0; round < rounds; round++) {
        for (const kind of ["running", "stopped"]) {
          if (kind === "stopped") must([husk, "stop", "-t", "0", FROM]);
          const name = `husk-bench-to-${round}-${kind}`;
          const done = spawn([{ name: kind, argv: [husk, "fork", FROM, name] }], { rounds: 1 });
          samples.get(`fork, ${kind}`)?.push(...(done.get(kind) ?? []));
          must([husk, "rm", name]);
        }
        must([husk, "start", FROM]);
      }
      const about = `a container that wrote ${MEGABYTES} MB: ${rounds} rounds each`;
      return { name: "engine-fork", about, timed: compare(samples, []), figures: [], notes: [] };
    } finally {
      Bun.spawnSync([husk, "rm", "-f", FROM]);
    }
  },
};
