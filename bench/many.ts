import { readdirSync, readFileSync } from "node:fs";
import type { Comparison, Context } from "./context.ts";
import { runtimes } from "./oci-run.ts";
import { compare, type Figure } from "./result.ts";
import { proportionalMemory } from "./sizes.ts";

const CONTAINERS = 20;

/** Many at once: how long until all have ended, and what each takes while it runs. */
export const many: Comparison = {
  name: "many",
  async run(context) {
    const rounds = Math.ceil(context.rounds / 10);
    const samples = context.spawn(runtimes(context, context.bundle), { rounds, copies: CONTAINERS });
    const timed = compare(samples, [
      { contestant: "husk oci run", peer: "crun run" },
      { contestant: "husk oci run", peer: "runc run" },
    ]);
    const about = `${CONTAINERS} at the same time: ${rounds} rounds`;
    return { name: "many", about, timed, figures: await memory(context), notes: [] };
  },
};

async function memory({ husk, bundle }: Context): Promise<Figure[]> {
  const command = [husk, "run", "--rm", "--bundle", bundle, "/bin/sleep", "60"];
  const running = Array.from({ length: CONTAINERS }, () =>
    Bun.spawn(command, { stdio: ["ignore", "ignore", "ignore"] }),
  );
  await Bun.sleep(1500);
  const keepers: number[] = [];
  const commands: number[] = [];
  for (const entry of readdirSync("/proc")) {
    const own = running.find(({ pid }) => String(pid) === entry);
    if (own !== undefined) commands.push(proportionalMemory(own.pid));
    else if (running.some(({ pid }) => String(pid) === parentOf(entry)))
      keepers.push(proportionalMemory(Number(entry)));
  }
  for (const child of running) child.kill("SIGKILL");
  await Promise.all(running.map(({ exited }) => exited));
  Bun.spawnSync([husk, "run", "--rm", "--bundle", bundle]); // clears up after those that were killed
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  return [
    { name: `keeper, each of ${keepers.length}`, value: mean(keepers), unit: "kB PSS" },
    {
      name: `husk run in the foreground, each of ${commands.length}`,
      value: mean(commands) / 1024,
      unit: "MiB PSS",
    },
  ];
}

function parentOf(entry: string): string | undefined {
  try {
    return /^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, "latin1"))?.[1];
  } catch {
    return undefined;
  }
}
