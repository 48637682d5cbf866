import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../context.ts";
import type { Contestant } from "./contestant.ts";

/** What dockerd puts into /run stays in there, and so does what it mounts. */
const DAEMON = `
mount -t tmpfs tmpfs /run
ip link set lo up
export TMPDIR=$1
exec dockerd --config-file "$1/daemon.json" --host "unix://$1/d.sock" --pidfile "$1/pid" --data-root "$1/data" \
  --exec-root "$1/exec" --bridge none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
  --userland-proxy=false --shutdown-timeout 1 --cgroup-parent /husk-bench-docker > "$1/log" 2>&1
`;

/** Debian's docker: a daemon of its own, in namespaces of its own, with the bundle's root file system as image. */
export async function startDocker({ folder, bundle }: Context): Promise<Contestant> {
  const own = join(folder, "docker");
  mkdirSync(join(own, "data"), { recursive: true });
  writeFileSync(join(own, "daemon.json"), "{}");
  const client = ["/usr/bin/docker", "--config", join(own, "client"), "-H", `unix://${own}/d.sock`];
  const env = { ...process.env, PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
  const inside = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const daemon = Bun.spawn(
    ["unshare", ...inside, "--propagation", "private", "sh", "-euc", DAEMON, "sh", own],
    { env, stdio: ["ignore", "ignore", "ignore"] },
  );
  const stop = async (): Promise<void> => {
    // The daemon, not the one outside that waits for it: it removes its groups.
    const [child] = readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, "latin1").split(" ");
    if (daemon.exitCode === null && child !== undefined && child !== "")
      process.kill(Number(child), "SIGTERM");
    else daemon.kill();
    await daemon.exited;
  };
  try {
    for (let tries = 0; Bun.spawnSync([...client, "version"]).exitCode !== 0; tries++) {
      if (tries > 150 || daemon.exitCode !== null)
        throw new Error(`dockerd did not start: ${lastLine(readFileSync(join(own, "log"), "utf8"))}`);
      await Bun.sleep(100);
    }
    const load = `tar -C "$1/rootfs" -c . | (shift; "$@" import - husk-bench)`;
    const { exitCode, stderr } = Bun.spawnSync(["sh", "-c", load, "sh", bundle, ...client], {
      stderr: "pipe",
    });
    if (exitCode !== 0) throw new Error(`docker could not import: ${lastLine(stderr.toString())}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { name: "docker", program: client, image: "husk-bench", stop };
}

export function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}
