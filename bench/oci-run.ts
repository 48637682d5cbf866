import type { Comparison, Context } from "./context.ts";
import { type Bound, compare } from "./result.ts";
import type { Command } from "./spawn-time.ts";

const BOUNDS: readonly Bound[] = [
  { contestant: "husk oci run", peer: "crun run", ratio: 0.9 },
  { contestant: "husk oci run", peer: "runc run", ratio: 0.3 },
];

/** `run` of the OCI runtimes that are installed, on one bundle. */
export const ociRun: readonly Comparison[] = [
  make("oci-run", "the default bundle, back to back", ({ bundle }) => bundle, 0),
  make("oci-run-paused", "the default bundle, 150 ms apart", ({ bundle }) => bundle, 150),
  make(
    "oci-run-seccomp",
    "with a profile of Docker's size, back to back",
    (context) => context.seccompBundle,
    0,
  ),
  make(
    "oci-run-seccomp-paused",
    "with a profile of Docker's size, 150 ms apart",
    (context) => context.seccompBundle,
    150,
  ),
];

function make(
  name: string,
  about: string,
  bundleOf: (context: Context) => string,
  pause: number,
): Comparison {
  return {
    name,
    run(context) {
      const rounds = pause === 0 ? context.rounds : Math.ceil(context.rounds / 4);
      const commands = runtimes(context, bundleOf(context));
      return {
        name,
        about: `${about}: ${rounds} rounds`,
        timed: compare(context.spawn(commands, { rounds, pause }), BOUNDS),
        figures: [],
        notes: ["crun", "runc"]
          .filter((peer) => Bun.which(peer) === null)
          .map((peer) => `${peer} is not installed`),
      };
    },
  };
}

/** `run` of each runtime; `{}` in an id is the number of the copy. */
export function runtimes({ husk, folder }: Context, bundle: string): Command[] {
  const commands: Command[] = [
    {
      name: "husk oci run",
      argv: [husk, "oci", "run", "--bundle", bundle, "husk-bench-husk-{}"],
    },
  ];
  for (const name of ["crun", "runc"]) {
    const path = Bun.which(name);
    if (path === null) continue;
    const argv = [path, "--root", `${folder}/${name}`, "run", "--bundle", bundle, `husk-bench-${name}-{}`];
    commands.push({ name: `${name} run`, argv });
  }
  return commands;
}
