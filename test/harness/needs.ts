// Says what a test needs. Where it cannot be had, the test is skipped, counted, and its name tells why.
import { test } from "bun:test";
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter } from "node:path";
import { temporaryFile } from "./temporary.ts";
import { findUser, userWithRanges } from "./user.ts";

export interface Needs {
  /** Runs as root. */
  root?: true;
  /** Runs as an ordinary user. */
  ordinaryUser?: true;
  /** Runs as root, or as a user with a range in /etc/subuid. */
  idRange?: true;
  /** Runs as root on a machine where the ordinary test user exists. */
  testUser?: true;
  /** Programs found on PATH. */
  command?: string | readonly string[];
  /** cgroup v1 hierarchies, or a pure cgroup2 one. */
  cgroup?: "v1" | "v2";
  /** Cgroup controllers this machine has, in either version. */
  controller?: string | readonly string[];
  /** At least this kernel, as `6.8`. */
  kernel?: string;
  /** Packages of Debian can be downloaded, as apt does it here. */
  mirror?: true;
  /** What temporary files stand on. */
  fileSystem?: "ext4";
  /** A file, such as /dev/fuse. */
  file?: string | readonly string[];
  /** Only in `npm run test:soak`. */
  soak?: true;
}

const asList = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

/** Whether the tests run as root. */
export const isRoot = process.getuid!() === 0;
/** Whether this is the long form of the tests (`npm run test:soak`). */
export const isSoak = process.env.HUSK_SOAK === "1";

/** The path of a program on PATH, or undefined. */
export function findCommand(name: string): string | undefined {
  for (const folder of `${process.env.PATH}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter)) {
    try {
      accessSync(`${folder}/${name}`, constants.X_OK);
      return `${folder}/${name}`;
    } catch {
      continue;
    }
  }
  return undefined;
}

function hasIdRange(): boolean {
  const user = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((line) => Number(line.split(":")[2]) === process.getuid!())
    ?.split(":")[0];
  return existsSync("/etc/subuid") && new RegExp(`^${user}:`, "m").test(readFileSync("/etc/subuid", "utf8"));
}

/** How cgroups are laid out: v1 hierarchies (also beside an unused v2 one), or pure v2. */
export function cgroupVersion(): "v1" | "v2" {
  return existsSync("/sys/fs/cgroup/cgroup.controllers") ? "v2" : "v1";
}

function hasController(name: string): boolean {
  if (cgroupVersion() === "v2")
    return readFileSync("/sys/fs/cgroup/cgroup.controllers", "utf8").split(/\s/).includes(name);
  return existsSync(`/sys/fs/cgroup/${name}`);
}

function kernelIsAtLeast(wanted: string): boolean {
  const running = readFileSync("/proc/sys/kernel/osrelease", "utf8").split(/[.-]/).map(Number);
  const [major = 0, minor = 0] = wanted.split(".").map(Number);
  return running[0]! > major || (running[0] === major && running[1]! >= minor);
}

const EXT4_SUPER_MAGIC = 0xef53;

let mirrorAnswers: boolean | undefined;

function reachesMirror(): boolean {
  const url = "http://deb.debian.org/debian/dists/bookworm/Release";
  const options = ["-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=5"];
  const words = [...options, "download-file", url, temporaryFile("release")];
  mirrorAnswers ??=
    spawnSync("/usr/lib/apt/apt-helper", words, { stdio: "ignore", timeout: 10_000 }).status === 0;
  return mirrorAnswers;
}

/** What of it this machine, user or run does not have. */
export function missing(needs: Needs): string[] {
  const found: (string | false)[] = [
    needs.root === true && !isRoot && "root",
    needs.ordinaryUser === true && isRoot && "an ordinary user",
    needs.idRange === true && !isRoot && !hasIdRange() && "a range in /etc/subuid",
    needs.testUser === true && !(isRoot && findUser(userWithRanges)) && `root and the user ${userWithRanges}`,
    ...asList(needs.command).map((name) => findCommand(name) === undefined && `the program ${name}`),
    needs.cgroup !== undefined && cgroupVersion() !== needs.cgroup && `cgroup ${needs.cgroup}`,
    ...asList(needs.controller).map((name) => !hasController(name) && `the ${name} cgroup controller`),
    needs.kernel !== undefined && !kernelIsAtLeast(needs.kernel) && `Linux ${needs.kernel}`,
    ...asList(needs.file).map((path) => !existsSync(path) && path),
    needs.fileSystem === "ext4" && statfsSync(tmpdir()).type !== EXT4_SUPER_MAGIC && `ext4 at ${tmpdir()}`,
    needs.soak === true && !isSoak && "npm run test:soak",
  ];
  // Asked last, as it takes longest, and only if it decides.
  if (needs.mirror === true && !found.some((reason) => reason !== false) && !reachesMirror())
    found.push("a mirror of Debian that answers");
  return found.filter((reason) => reason !== false);
}

/**
 * `test` where everything needed is there, otherwise a test that is skipped and says why:
 * `needs({ root: true, command: "crun" })("S1: …", async () => { … })`.
 */
export function needs(requirements: Needs): (name: string, body: () => unknown, timeout?: number) => void {
  const reasons = missing(requirements);
  if (reasons.length === 0) return (name, body, timeout) => test(name, body as () => void, timeout);
  return (name) => test.skip(`${name} [needs ${reasons.join(", ")}]`, () => {});
}
