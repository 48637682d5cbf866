import type { Comparison, Context } from "../context.ts";
import { type Bound, compare } from "../result.ts";
import { removeLeftGroups } from "../surroundings.ts";
import type { Sample } from "../statistics.ts";
import { type Contestant, lifeOf } from "./contestant.ts";
import { startDocker } from "./docker.ts";
import { huskWithHost, huskWithImage } from "./husk.ts";
import { startPodman } from "./podman.ts";

const COMMANDS = ["run -d", "exec", "rm -f", "run --rm"] as const;

/** The most husk may take of the others' medians. */
const BOUNDS: Readonly<Record<string, (command: string) => number>> = {
  docker: (command) => (command === "exec" ? 1 / 10 : 1 / 12),
  podman: (command) => (command === "exec" ? 1 / 10 : 1 / 8),
};

/** A container's life from the command lines of the engines, step by step, each engine in turn. */
export const life: Comparison = {
  name: "engine-life",
  async run(context) {
    const notes: string[] = [];
    const contestants = [huskWithHost(context), huskWithImage(context)];
    for (const start of [startDocker, startPodman]) {
      try {
        contestants.push(await start(context));
      } catch (error) {
        notes.push((error as Error).message);
      }
    }
    try {
      const rounds = Math.ceil(context.rounds / 3);
      const timed = compare(inTurn(context, contestants, rounds), bounds(contestants));
      const about = `busybox as image (husk also: host), --network none: ${rounds} rounds`;
      return { name: "engine-life", about, timed, figures: [], notes };
    } finally {
      for (const { stop } of contestants) await stop();
      removeLeftGroups("husk-bench-docker");
    }
  },
};

/** Each engine begins as often as any other; the first round warms up. */
function inTurn(
  { spawn }: Context,
  contestants: readonly Contestant[],
  rounds: number,
): Map<string, Sample[]> {
  const samples = new Map<string, Sample[]>();
  for (const command of COMMANDS) for (const { name } of contestants) samples.set(`${name} ${command}`, []);
  for (let round = -1; round < rounds; round++) {
    const order = contestants.map((_, i) => contestants[(round + 1 + i) % contestants.length] as Contestant);
    const commands = order.flatMap((one) =>
      [...lifeOf(one)].map(([command, argv]) => ({ name: `${one.name} ${command}`, argv })),
    );
    if (round < 0) spawn(commands, { rounds: 1 });
    else for (const [name, found] of spawn(commands, { rounds: 1 })) samples.get(name)?.push(...found);
  }
  return samples;
}

function bounds(contestants: readonly Contestant[]): Bound[] {
  const own = contestants.filter(({ name }) => name.startsWith("husk"));
  return COMMANDS.flatMap((command) =>
    own.flatMap(({ name }) =>
      Object.entries(BOUNDS).map(([peer, ratio]) => ({
        contestant: `${name} ${command}`,
        peer: `${peer} ${command}`,
        ratio: ratio(command),
      })),
    ),
  );
}
