// criu of Debian's unstable release, as that of the stable one does not know newer kernels: fetched with its libraries
// into a cache folder from the mirror that apt uses, and never installed.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The suite gives its tests a home of their own, and tells them where this is. */
const cache = join(
  process.env["HUSK_TEST_CACHE"] ??
    join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "husk-test"),
  "criu",
);

let found: string | undefined | null = null;

/** A folder with a `criu` that runs anywhere, for PATH; undefined where none can be had, or it says that it cannot work. */
export function findCriu(): string | undefined {
  if (found === null) found = look();
  return found;
}

function look(): string | undefined {
  if (process.getuid!() !== 0) return undefined;
  if (!existsSync(join(cache, "bin/criu")) && !fetchCriu()) return undefined;
  const bin = join(cache, "bin");
  return succeeds([join(bin, "criu"), "check"]) ? bin : undefined;
}

function succeeds(command: readonly string[], cwd?: string): boolean {
  try {
    const options = {
      stdio: ["ignore", "ignore", "ignore"] as ["ignore", "ignore", "ignore"],
      timeout: 120_000,
    };
    return Bun.spawnSync([...command], { ...options, ...(cwd === undefined ? {} : { cwd }) }).success;
  } catch {
    return false;
  }
}

function output(command: readonly string[]): string {
  try {
    return Bun.spawnSync([...command], { timeout: 120_000 }).stdout.toString();
  } catch {
    return "";
  }
}

function fetchCriu(): boolean {
  // The mirror of Debian's own packages, which has all releases.
  const mirror = output(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Origin: Debian"]).split(
    "\n",
  )[0];
  if (mirror === undefined || mirror === "") return false;
  const work = `${cache}.${process.pid}`;
  rmSync(work, { recursive: true, force: true });
  for (const folder of ["apt/lists/partial", "apt/archives/partial", "apt/sources", "debs", "tree", "bin"])
    mkdirSync(join(work, folder), { recursive: true });
  try {
    writeFileSync(
      join(work, "apt/sources/unstable.sources"),
      `Types: deb\nURIs: ${mirror}\nSuites: sid\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`,
    );
    const apt = ["apt-get"];
    for (const [name, value] of Object.entries({
      "Dir::Etc::sourcelist": "/dev/null",
      "Dir::Etc::sourceparts": join(work, "apt/sources"),
      "Dir::State": join(work, "apt"),
      "Dir::State::status": "/dev/null",
      "Dir::Cache": join(work, "apt"),
      "APT::Sandbox::User": "root",
    }))
      apt.push("-o", `${name}=${value}`);
    if (!succeeds([...apt, "update"])) return false;
    const plan = output([...apt, "install", "--simulate", "--no-install-recommends", "criu"]);
    const packages = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name!);
    if (packages.length === 0 || !succeeds([...apt, "download", ...packages], join(work, "debs")))
      return false;
    for (const file of readdirSync(join(work, "debs")))
      if (!succeeds(["dpkg-deb", "-x", join(work, "debs", file), join(work, "tree")])) return false;
    rmSync(join(work, "apt"), { recursive: true });
    rmSync(join(work, "debs"), { recursive: true });
    const tree = join(cache, "tree");
    const [machine, loader] =
      process.arch === "x64" ? ["x86_64", "ld-linux-x86-64.so.2"] : ["aarch64", "ld-linux-aarch64.so.1"];
    const libraries = `${tree}/usr/lib/${machine}-linux-gnu`;
    const script = `#!/bin/sh\nexec ${libraries}/${loader} --library-path ${libraries} ${tree}/usr/sbin/criu "$@"\n`;
    writeFileSync(join(work, "bin/criu"), script, { mode: 0o755 });
    if (!existsSync(cache)) renameSync(work, cache);
    return true;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
