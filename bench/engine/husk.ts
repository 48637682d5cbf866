import type { Context } from "../context.ts";
import type { Contestant } from "./contestant.ts";
import { lastLine } from "./docker.ts";

/** husk with the host as image; HUSK_ROOT in the environment says where its state is. */
export function huskWithHost({ husk }: Context): Contestant {
  return { name: "husk host", program: [husk], image: "host", stop: async () => {} };
}

/** husk with the bundle's root file system as an image. */
export function huskWithImage({ husk, bundle }: Context): Contestant {
  const load = `tar -C "$1/rootfs" -c . | "$2" import - husk-bench`;
  const { exitCode, stderr } = Bun.spawnSync(["sh", "-c", load, "sh", bundle, husk], { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`husk could not import: ${lastLine(stderr.toString())}`);
  return { name: "husk image", program: [husk], image: "husk-bench", stop: async () => {} };
}
