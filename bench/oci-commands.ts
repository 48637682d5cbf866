import type { Comparison, Context } from "./context.ts";
import { type Bound, compare, type Figure } from "./result.ts";
import { emptyProgram } from "./sizes.ts";
import type { Command } from "./spawn-time.ts";
import { type Sample, summarize } from "./statistics.ts";

/** More than an empty compiled Bun program, in milliseconds. */
const MOST = 4;
const EMPTY = "empty Bun program";

/** A container's life, in this order; `wait` lets it end between kill and delete, and counts nowhere. */
const LIFE: readonly (readonly string[])[] = [
  ["create", "--bundle", "BUNDLE", "ID"],
  ["state", "ID"],
  ["start", "ID"],
  ["exec", "ID", "/bin/true"],
  ["list"],
  ["ps", "--format", "json", "ID"],
  ["pause", "ID"],
  ["resume", "ID"],
  ["events", "--stats", "ID"],
  ["update", "--pids-limit", "100", "ID"],
  ["kill", "ID", "KILL"],
  ["wait"],
  ["delete", "ID"],
];
const WHOLE = ["create", "start", "delete"];
/** Those with bounds of their own. */
const COMPARED = [...WHOLE, "exec"];

/** Every command of an OCI runtime, one after the other, on a container that sleeps. */
export const ociCommands: Comparison = {
  name: "oci-commands",
  run(context) {
    const rounds = Math.ceil(context.rounds / 2);
    const names = ["husk", "crun", "runc"].filter((name) => name === "husk" || Bun.which(name) !== null);
    const commands = names.flatMap((name) => life(context, name));
    commands.push({ name: EMPTY, argv: [emptyProgram(context)] });
    const samples = context.spawn(commands, { rounds, ordered: true });
    for (const name of commands.map((command) => command.name))
      if (name.endsWith(" wait")) samples.delete(name);
    for (const name of names) samples.set(`${name} create+start+delete`, sums(samples, name));
    const empty = median(samples, EMPTY);
    const figures = LIFE.map(([command]) => command as string)
      .filter((command) => command !== "wait" && !COMPARED.includes(command))
      .map(
        (command): Figure => ({
          name: `husk ${command}, more than an empty program`,
          value: median(samples, `husk ${command}`) - empty,
          unit: "ms",
          bound: MOST,
        }),
      );
    return {
      name: "oci-commands",
      about: `the life of a container that sleeps, command by command: ${rounds} rounds`,
      timed: compare(samples, bounds()),
      figures,
      notes: [],
    };
  },
};

function bounds(): Bound[] {
  const all: Bound[] = LIFE.flatMap(([command]) => [
    { contestant: `husk ${command}`, peer: `crun ${command}` },
    { contestant: `husk ${command}`, peer: `runc ${command}` },
  ]).filter(({ peer }) => !peer.endsWith(" exec"));
  return [
    ...all,
    { contestant: "husk exec", peer: "crun exec", ratio: 1.6 },
    { contestant: "husk exec", peer: "runc exec", ratio: 0.5 },
    { contestant: "husk create+start+delete", peer: "crun create+start+delete" },
    { contestant: "husk create+start+delete", peer: "runc create+start+delete", ratio: 0.75 },
  ];
}

function life({ husk, folder, sleepBundle }: Context, name: string): Command[] {
  const program =
    name === "husk"
      ? [husk, "oci", "--root", `${folder}/husk-oci`]
      : [Bun.which(name) as string, "--root", `${folder}/${name}`];
  const values: Record<string, string> = { BUNDLE: sleepBundle, ID: `husk-bench-life-${name}` };
  return LIFE.filter(([command]) => command !== "events" || name !== "crun").map(([command, ...rest]) => ({
    name: `${name} ${command}`,
    argv:
      command === "wait"
        ? ["/bin/sleep", "0.1"]
        : [...program, command as string, ...rest.map((word) => values[word] ?? word)],
  }));
}

/** Round by round, the times of the whole life added up. */
function sums(samples: ReadonlyMap<string, readonly Sample[]>, name: string): Sample[] {
  const parts = WHOLE.map((command) => samples.get(`${name} ${command}`) ?? []);
  return (parts[0] ?? []).map((_, round) => {
    const whole = parts.map((part) => part[round] as Sample);
    return {
      wall: whole.reduce((sum, { wall }) => sum + wall, 0),
      cpu: whole.reduce((sum, { cpu }) => sum + cpu, 0),
      status: whole.find(({ status }) => status !== 0)?.status ?? 0,
    };
  });
}

function median(samples: ReadonlyMap<string, readonly Sample[]>, name: string): number {
  const good = (samples.get(name) ?? []).filter(({ status }) => status === 0);
  return summarize(good.map(({ wall }) => wall)).median;
}
