import { join } from "node:path";
import type { Comparison } from "../context.ts";
import { compare } from "../result.ts";

/** `husk exec` against `crun exec`, each in a container of its own. */
export const execs: Comparison = {
  name: "engine-exec",
  run(context) {
    const { husk, spawn, rounds, sleepBundle, folder } = context;
    const crun = Bun.which("crun");
    if (crun === null) throw new Error("crun is not installed");
    const name = "husk-bench-exec";
    const own = [crun, "--root", join(folder, "crun")];
    const husks = [husk, "run", "-d", "--name", name, "--network", "none", "--bundle", sleepBundle];
    // The container keeps crun's own descriptors: a pipe would have to wait for its end.
    Bun.spawnSync([...own, "run", "-d", "--bundle", sleepBundle, name], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    try {
      must(husks);
      const commands = [
        { name: "husk exec", argv: [husk, "exec", name, "/bin/true"] },
        { name: "crun exec", argv: [...own, "exec", name, "/bin/true"] },
      ];
      const timed = compare(spawn(commands, { rounds }), [
        { contestant: "husk exec", peer: "crun exec", ratio: 1.6 },
      ]);
      return { name: "engine-exec", about: `exec … true: ${rounds} rounds`, timed, figures: [], notes: [] };
    } finally {
      Bun.spawnSync([...own, "delete", "-f", name]);
      Bun.spawnSync([husk, "rm", "-f", name]);
    }
  },
};

/** What a measurement needs: without it, it is not made. */
export function must(argv: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...argv], { stdin: "ignore", stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${argv.slice(0, 3).join(" ")}: ${stderr.toString().trim()}`);
  return stdout.toString().trim();
}
