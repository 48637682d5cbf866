import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { containerdSettings } from "../test/harness/containerd.ts";
import type { Comparison, Context } from "./context.ts";
import { type Bound, compare } from "./result.ts";
import type { Command } from "./spawn-time.ts";

/** Runtimes by the name of the contestant. */
const RUNTIMES = ["husk-oci", "crun", "runc"] as const;
const MOST = 1.1;

/** podman and containerd from end to end, with each of the runtimes below. */
export const callers: Comparison = {
  name: "callers",
  async run(context) {
    const rounds = Math.ceil(context.rounds / 4);
    const notes: string[] = [];
    const runtimes = RUNTIMES.filter((name) => name === "husk-oci" || Bun.which(name) !== null);
    const commands = runtimes.flatMap((runtime) => podman(context, runtime, notes));
    const containerd = await startContainerd(context, notes);
    try {
      if (containerd !== undefined)
        commands.push(...runtimes.map((runtime) => ctr(context, runtime, containerd.socket)));
      const bounds = ["podman run", "ctr run"].flatMap((caller): Bound[] => [
        { contestant: `${caller}, husk-oci`, peer: `${caller}, crun`, ratio: MOST },
        { contestant: `${caller}, husk-oci`, peer: `${caller}, runc` },
      ]);
      const timed = compare(context.spawn(commands, { rounds }), bounds);
      const about = `one container from end to end: ${rounds} rounds`;
      return { name: "callers", about, timed, figures: [], notes };
    } finally {
      await containerd?.stop();
    }
  },
};

function pathOf({ husk }: Context, runtime: string): string {
  return runtime === "husk-oci" ? `${husk}-oci` : (Bun.which(runtime) as string);
}

function podman(context: Context, runtime: string, notes: string[]): Command[] {
  const program = Bun.which("podman");
  if (program === null) {
    notes.push("podman is not installed");
    return [];
  }
  const folder = join(context.folder, "podman");
  const settings = join(folder, "containers.conf");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    settings,
    `[containers]\ndefault_ulimits = []\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\nlock_type = "file"\n`,
  );
  writeFileSync(
    join(folder, "storage.conf"),
    `[storage]\ndriver = "vfs"\ngraphroot = "${folder}/root"\nrunroot = "${folder}/run"\n`,
  );
  const env = [
    `CONTAINERS_CONF=${settings}`,
    `CONTAINERS_STORAGE_CONF=${folder}/storage.conf`,
    "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
  ];
  const options = ["--tmpdir", `${folder}/tmp`, "--runtime", pathOf(context, runtime)];
  const run = ["run", "--rm", "--network", "none", "--rootfs", join(context.bundle, "rootfs"), "/bin/true"];
  return [{ name: `podman run, ${runtime}`, argv: ["/usr/bin/env", ...env, program, ...options, ...run] }];
}

function ctr(context: Context, runtime: string, socket: string): Command {
  const id = `husk-bench-ctr-${runtime}`;
  const binary = ["--runc-binary", pathOf(context, runtime)];
  const run = ["run", "--rm", ...binary, "--rootfs", join(context.bundle, "rootfs"), id, "/bin/true"];
  return { name: `ctr run, ${runtime}`, argv: [Bun.which("ctr") as string, "-a", socket, ...run] };
}

async function startContainerd(
  { folder }: Context,
  notes: string[],
): Promise<{ socket: string; stop(): Promise<void> } | undefined> {
  if (Bun.which("containerd") === null || Bun.which("ctr") === null) {
    notes.push("containerd is not installed");
    return undefined;
  }
  const own = join(folder, "containerd");
  const socket = join(own, "c.sock");
  const config = join(own, "config.toml");
  mkdirSync(own);
  writeFileSync(config, containerdSettings(own));
  const daemon = Bun.spawn(["containerd", "-c", config], { stdio: ["ignore", "ignore", "ignore"] });
  for (let tries = 0; !existsSync(socket); tries++) {
    if (tries > 200) throw new Error("containerd did not start within ten seconds");
    await Bun.sleep(50);
  }
  return {
    socket,
    async stop() {
      daemon.kill();
      await daemon.exited;
    },
  };
}
