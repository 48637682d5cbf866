// Dozens of clients that do everything to the same few containers at once, while husk processes are killed at any moment.
import { chmodSync, copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "bun:test";
import { removeByHand } from "./harness/by-hand-group.ts";
import { compile, engine, isRoot, isSoak, needs, temporaryFolder } from "./harness/index.ts";
import { calmDown, leftovers, untruths } from "./storm/aftermath.ts";
import { rage, type Storm } from "./storm/clients.ts";

const [clients, seconds] = isSoak ? [50, 120] : [16, 6];

function storm(changes: Partial<Storm> = {}): Storm {
  const folder = temporaryFolder("storm", 0o777);
  copyFileSync(
    compile(readFileSync(join(import.meta.dirname, "storm/program.c"), "utf8")),
    `${folder}/program`,
  );
  chmodSync(`${folder}/program`, 0o755);
  return {
    of: engine(),
    seed: Number(process.env.HUSK_SEED ?? Math.floor(Math.random() * 1_000_000)),
    clients,
    seconds,
    flags: isRoot ? ["--cgroup-parent", `husk-test-storm-${process.pid}`] : [],
    folder,
    ...changes,
  };
}

async function weather(given: Storm): Promise<void> {
  try {
    const { problems, counts } = await rage(given);
    if (process.env.HUSK_STORM !== undefined) console.log(Object.fromEntries([...counts].toSorted()));
    const ids = await calmDown(given);
    const wrong = [...problems, ...(await untruths(given, ids))];
    const left = await leftovers(given, ids);
    expect([`HUSK_SEED=${given.seed}`, wrong, left]).toEqual([`HUSK_SEED=${given.seed}`, [], []]);
  } finally {
    const ids = (await given.of.husk(["ps", "-aq"])).stdout.split("\n").filter(Boolean);
    if (ids.length > 0) await given.of.husk(["rm", "-f", ...ids], { timeout: 60_000 });
    if (isRoot) await removeByHand(`husk-test-storm-${process.pid}`);
  }
}

needs({ command: "busybox" })(
  "any husk killed but keepers: no byte of a log is lost, no status wrong, nothing left, nobody waits for ever",
  () => weather(storm()),
  60_000 + 2000 * seconds,
);

needs({ command: "busybox" })(
  "keepers killed, too: their containers are shown as lost, started again if they are to be, and nothing is left",
  () => weather(storm({ keepers: [] })),
  60_000 + 2000 * seconds,
);
