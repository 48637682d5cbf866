import { join } from "node:path";
import type { Comparison, Context } from "./context.ts";
import { compare, type Figure } from "./result.ts";
import { emptyProgram } from "./sizes.ts";
import type { Command } from "./spawn-time.ts";
import { type Sample, type Summary, summarize } from "./statistics.ts";

/** The most a by-hand command may take of what an empty Bun program and the real tool take one after the other. */
const BOUND = 1.5;

/** Commands by hand against the real tools: a runtime's start is husk's price, the rest should cost little. */
export const byHand: Comparison = {
  name: "by-hand",
  run(context) {
    const { husk, rounds, spawn } = context;
    const jail = makeJail(context);
    const empty = { name: "empty Bun program", argv: [emptyProgram(context)] };
    const commands: Command[] = [empty];
    const figures: Figure[] = [];
    const notes: string[] = [];
    const pairs: [ours: string, real: string][] = [];
    for (const words of [
      ["unshare", "--pid", "--mount", "--fork", "true"],
      ["chroot", jail, "true"],
    ]) {
      const [name = "", ...rest] = words;
      const real = Bun.which(name);
      if (real === null) {
        notes.push(`${name} is not installed`);
        continue;
      }
      commands.push({ name: `husk ${name}`, argv: [husk, ...words] }, { name, argv: [real, ...rest] });
      pairs.push([`husk ${name}`, name]);
    }
    const samples = spawn(commands, { rounds });
    const timeOf = (name: string): Summary => summarize(goodTimes(samples.get(name) ?? []));
    const start = timeOf(empty.name);
    for (const [ours, real] of pairs) {
      const [own, peer] = [timeOf(ours), timeOf(real)];
      const unit = `× (empty Bun program + ${real})`;
      figures.push(
        { name: `${ours}, median`, value: own.median / (start.median + peer.median), unit, bound: BOUND },
        { name: `${ours}, min`, value: own.min / (start.min + peer.min), unit, bound: BOUND },
      );
    }
    return {
      name: "by-hand",
      about: `unshare --pid --mount --fork true, chroot DIR true: ${rounds} rounds`,
      timed: compare(samples, []),
      figures,
      notes,
    };
  },
};

/** A folder with `true` and all it needs. */
function makeJail({ folder, husk }: Context): string {
  const jail = join(folder, "jail");
  const { exitCode, stderr } = Bun.spawnSync([husk, "jail", "make", jail, "true"], { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`no jail: ${stderr.toString()}`);
  return jail;
}

function goodTimes(samples: readonly Sample[]): number[] {
  return samples.filter(({ status }) => status === 0).map(({ wall }) => wall);
}
