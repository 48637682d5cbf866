// Debian's kernel and its modules, fetched as a package into a cache folder and never installed here.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";

export interface Kernel {
  /** The compressed kernel. */
  readonly image: string;
  /** The folder with its modules: lib/modules/VERSION. */
  readonly modules: string;
}

/** The package that Debian's meta package stands for at present, such as linux-image-6.1.0-56-amd64. */
function currentPackage(): string | undefined {
  const { stdout } = Bun.spawnSync(["apt-cache", "depends", "--important", "linux-image-amd64"]);
  return /Depends: (linux-image-\S+)/.exec(stdout.toString())?.[1];
}

/** Fetches apt's package lists, which a fresh machine does not have. */
function updateLists(): boolean {
  return Bun.spawnSync(["apt-get", "update"], { stdio: ["ignore", "ignore", "ignore"], timeout: 300_000 })
    .success;
}

/** The newest kernel in the cache; fetches Debian's current one when there is none. Undefined where it cannot. */
export function findKernel(): Kernel | undefined {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "husk-test/kernel");
  mkdirSync(cache, { recursive: true });
  const cached = () => readdirSync(cache).filter((name) => name.startsWith("linux-image-"));
  if (cached().length === 0) {
    const wanted = currentPackage() ?? (updateLists() ? currentPackage() : undefined);
    if (wanted === undefined || !fetchPackage(wanted, cache)) return undefined;
  }
  const newest = cached()
    .toSorted((one, other) => one.localeCompare(other, "en", { numeric: true }))
    .at(-1)!;
  const folder = join(cache, newest);
  const image = readdirSync(join(folder, "boot")).find((name) => name.startsWith("vmlinuz-"))!;
  const version = basename(image).slice("vmlinuz-".length);
  return { image: join(folder, "boot", image), modules: join(folder, "lib/modules", version) };
}

function fetchPackage(name: string, cache: string): boolean {
  console.log(`fetching ${name}`);
  const work = join(cache, `.${name}-${process.pid}`);
  mkdirSync(work);
  try {
    const succeeds = (command: string[]): boolean =>
      Bun.spawnSync(command, { cwd: work, stdio: ["ignore", "ignore", "ignore"], timeout: 300_000 }).success;
    if (!succeeds(["apt-get", "download", name])) return false;
    const file = readdirSync(work).find((entry) => entry.endsWith(".deb"));
    if (file === undefined || !succeeds(["dpkg-deb", "-x", file, "tree"])) return false;
    if (!existsSync(join(cache, name))) renameSync(join(work, "tree"), join(cache, name));
    return true;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
