import { join } from "node:path";
import type { Comparison, Context } from "./context.ts";
import { runtimes } from "./oci-run.ts";
import { compare, type Figure } from "./result.ts";
import type { Command } from "./spawn-time.ts";

/** Median of `docker run --rm --network none` on the machine husk was designed on, where none is running here. */
const DOCKER_MILLISECONDS = 232;

/** `husk run host` against an OCI runtime that has its configuration ready. */
export const hostImage: Comparison = {
  name: "run-host",
  run(context) {
    const crun = runtimes(context, context.bundle).filter(({ name }) => name === "crun run");
    const samples = context.spawn([huskRun(context), ...crun], { rounds: context.rounds });
    const timed = compare(samples, [{ contestant: "husk run host", peer: "crun run", ratio: 1.2 }]);
    const about = `husk run --rm --network none host true, back to back: ${context.rounds} rounds`;
    return { name: "run-host", about, timed, figures: [], notes: [] };
  },
};

/** `husk run host` against the engines, which also find an image and make a root file system of it. */
export const engines: Comparison = {
  name: "engines",
  run(context) {
    const rounds = Math.ceil(context.rounds / 6);
    const notes: string[] = [];
    const others = [docker(context, notes), podman(context, notes)].filter(
      (command) => command !== undefined,
    );
    const timed = compare(context.spawn([huskRun(context), ...others], { rounds }), [
      { contestant: "husk run host", peer: "docker run", ratio: 1 / 15 },
      { contestant: "husk run host", peer: "podman run" },
    ]);
    forgetDockerImage(others);
    const figures: Figure[] = [];
    const median = timed[0]?.wall.median ?? Number.NaN;
    if (!others.some(({ name }) => name === "docker run")) {
      notes.push(`no dockerd answers here: docker's ${DOCKER_MILLISECONDS} ms were measured elsewhere`);
      figures.push({
        name: "husk / docker's median",
        value: median / DOCKER_MILLISECONDS,
        unit: "×",
        bound: 1 / 15,
      });
    }
    return {
      name: "engines",
      about: `run --rm --network none … true: ${rounds} rounds`,
      timed,
      figures,
      notes,
    };
  },
};

function huskRun({ husk }: Context): Command {
  const argv = [husk, "run", "--rm", "--network", "none", "host", "true"];
  return { name: "husk run host", argv };
}

const DOCKER_IMAGE = "husk-bench:latest";

function docker({ bundle }: Context, notes: string[]): Command | undefined {
  const path = Bun.which("docker");
  if (path === null || Bun.spawnSync([path, "info"]).exitCode !== 0) return undefined;
  const load = `tar -C "$1/rootfs" -c . | "$0" import - ${DOCKER_IMAGE}`;
  if (Bun.spawnSync(["sh", "-c", load, path, bundle]).exitCode !== 0) {
    notes.push("docker could not import the bundle's root file system");
    return undefined;
  }
  return { name: "docker run", argv: [path, "run", "--rm", "--network", "none", DOCKER_IMAGE, "/bin/true"] };
}

function forgetDockerImage(commands: readonly Command[]): void {
  const used = commands.find(({ name }) => name === "docker run");
  if (used !== undefined) Bun.spawnSync([used.argv[0] as string, "rmi", DOCKER_IMAGE]);
}

function podman({ folder, bundle }: Context, notes: string[]): Command | undefined {
  const path = Bun.which("podman");
  if (path === null) return undefined;
  const state = ["--root", join(folder, "podman"), "--runroot", join(folder, "podman-run")];
  const options = [
    ...state,
    "--storage-driver",
    "vfs",
    "--cgroup-manager",
    "cgroupfs",
    "--events-backend",
    "none",
  ];
  // Bun raises the soft limit of open files, and podman would ask for more than it may have.
  const limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];
  const container = [
    "run",
    "--rm",
    "--network",
    "none",
    ...limits,
    "--rootfs",
    `${bundle}/rootfs`,
    "/bin/true",
  ];
  const command = { name: "podman run", argv: [path, ...options, ...container] };
  const trial = Bun.spawnSync([...command.argv], { stderr: "pipe" });
  if (trial.exitCode === 0) return command;
  notes.push(`podman does not run here: ${trial.stderr.toString().trim().split("\n").at(-1)}`);
  return undefined;
}
