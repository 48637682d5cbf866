import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../context.ts";
import type { Contestant } from "./contestant.ts";
import { lastLine } from "./docker.ts";

const SETTINGS = `[containers]
default_ulimits = []
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
`;

/** podman with state of its own and the bundle's root file system as image. */
export async function startPodman({ bundle, folder }: Context): Promise<Contestant> {
  const program = Bun.which("podman");
  if (program === null) throw new Error("podman is not installed");
  // podman puts sockets deep into its folder, and paths of sockets are short. This is our own mount namespace.
  const own = "/mnt";
  const state = join(folder, "podman-engine");
  mkdirSync(state);
  Bun.spawnSync(["mount", "--bind", state, own]);
  const settings = join(own, "containers.conf");
  const storage = join(own, "storage.conf");
  writeFileSync(settings, SETTINGS);
  writeFileSync(
    storage,
    `[storage]\ndriver = "overlay"\ngraphroot = "${own}/root"\nrunroot = "${own}/run"\n`,
  );
  const variables = [
    `CONTAINERS_CONF=${settings}`,
    `CONTAINERS_STORAGE_CONF=${storage}`,
    "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
  ];
  const command = ["/usr/bin/env", ...variables, program, "--tmpdir", join(own, "tmp")];
  const stop = async (): Promise<void> => {
    Bun.spawnSync([...command, "rm", "-fa"]);
    Bun.spawnSync(["umount", "-R", "-l", own]);
  };
  const load = `tar -C "$1/rootfs" -c . | (shift; "$@" import -q - husk-bench)`;
  const { exitCode, stderr } = Bun.spawnSync(["sh", "-c", load, "sh", bundle, ...command], {
    stderr: "pipe",
  });
  if (exitCode !== 0) {
    await stop();
    throw new Error(`podman could not import: ${lastLine(stderr.toString())}`);
  }
  return { name: "podman", program: command, image: "husk-bench", removal: ["-t", "0"], stop };
}
