// OCI bundles with busybox in them, as `runc spec` and `crun spec` configure them.
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import defaultConfig from "./default-config.json";
import { findCommand } from "./needs.ts";
import { temporaryFolder } from "./temporary.ts";

/** A config.json that a test may change at will, also into a wrong one. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Config = any;

export interface Bundle {
  /** The folder that holds config.json. */
  readonly path: string;
  readonly rootfs: string;
  readonly config: Config;
}

let applets: string[] | undefined;

/** Makes a root file system with Debian's static busybox (package busybox-static), and returns its path. */
export function makeRootfs(path = join(temporaryFolder("rootfs"), "rootfs")): string {
  const busybox = findCommand("busybox");
  if (busybox === undefined) throw new Error("busybox is missing: apt-get install busybox-static");
  applets ??= Bun.spawnSync([busybox, "--list"]).stdout.toString().trim().split("\n");
  for (const folder of ["bin", "dev", "etc", "home", "proc", "root", "run", "sys", "tmp", "usr", "var"])
    mkdirSync(join(path, folder), { recursive: true });
  chmodSync(join(path, "tmp"), 0o1777);
  copyFileSync(busybox, join(path, "bin/busybox"));
  chmodSync(join(path, "bin/busybox"), 0o755);
  for (const applet of applets) if (applet !== "busybox") symlinkSync("busybox", join(path, "bin", applet));
  writeFileSync(
    join(path, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nsomeone:x:1000:1000::/home:/bin/sh\n",
  );
  writeFileSync(join(path, "etc/group"), "root:x:0:\nsomeone:x:1000:\nothers:x:2000:someone\n");
  return path;
}

/**
 * Makes a bundle that runs `command`. `change` edits the default config before it is written: a container with
 * all namespaces but the user namespace, the three usual capabilities, and no terminal.
 */
export function makeBundle(command: readonly string[], change: (config: Config) => void = () => {}): Bundle {
  const path = temporaryFolder("bundle");
  const rootfs = makeRootfs(join(path, "rootfs"));
  const config: Config = structuredClone(defaultConfig);
  config.process.args = [...command];
  change(config);
  writeFileSync(join(path, "config.json"), JSON.stringify(config, undefined, 2));
  return { path, rootfs, config };
}
