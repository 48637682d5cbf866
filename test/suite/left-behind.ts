// What tests could leave behind, one line each: before and after are compared.
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { repository } from "../harness/husk.ts";

const graceMilliseconds = 2000;

function list(folder: string, wanted: (name: string) => boolean = () => true): string[] {
  try {
    return readdirSync(folder)
      .filter(wanted)
      .map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}

function cgroups(folder: string, depth: number): string[] {
  let found: string[] = [];
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const path = `${folder}/${entry.name}`;
      if (path.includes("husk")) found.push(path);
      if (depth > 0) found = found.concat(cgroups(path, depth - 1));
    }
  } catch {
    return found;
  }
  return found;
}

function device(path: string): string {
  const { mode, rdev, uid, gid } = lstatSync(path);
  return `device ${path} mode ${mode.toString(8)} owner ${uid}:${gid} number ${rdev >> 8}:${rdev & 0xff}`;
}

/** Files below a folder but those that git keeps, npm installs and the build makes. */
function sources(folder: string): string[] {
  return list(folder, (name) => ![".git", "node_modules", "dist"].includes(name)).flatMap((path) =>
    lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? [path, ...sources(path)] : [path],
  );
}

/** What all parts of the suite share: device nodes, cgroups and files that are husk's, the repository. */
export function ofMachine(): Set<string> {
  const husks = (name: string) => name.includes("husk") && !/^husk-(test|suite)-/.test(name);
  return new Set([
    ...list("/dev", (name) => !/^(loop|dm-|tty)/.test(name)).map(device),
    ...cgroups("/sys/fs/cgroup", 6).map((path) => `cgroup ${path}`),
    ...[
      ...["/tmp", "/dev/shm", "/run", "/var/lib", "/run/lock"].flatMap((folder) => list(folder, husks)),
      ...["/run/husk", "/var/lib/husk"].flatMap((folder) => list(folder)),
      ...sources(repository),
    ].map((path) => `file ${path}`),
  ]);
}

/** What a part has for itself: mounts, network interfaces, its folder for temporary files. */
export function ofPart(): Set<string> {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").trimEnd().split("\n");
  const interfaces = readFileSync("/proc/self/net/dev", "utf8").trimEnd().split("\n").slice(2);
  const files = list(process.env.TMPDIR ?? "/tmp", (name) => name !== "home" && name !== "run");
  return new Set([
    ...mounts.map((line) => `mount ${line.split(" ").slice(4).join(" ")}`),
    ...interfaces.map((line) => `network interface ${line.slice(0, line.indexOf(":")).trim()}`),
    ...files.map((path) => `file ${path}`),
  ]);
}

/** What `look` sees now and did not see `before`, or no longer sees, in words. */
export async function differences(before: Set<string>, look: () => Set<string>): Promise<string[]> {
  // What the kernel takes down after the last process ended takes a moment.
  const deadline = performance.now() + graceMilliseconds;
  let found = compare(before, look());
  while (found.length > 0 && performance.now() < deadline) {
    await Bun.sleep(50);
    found = compare(before, look());
  }
  return found;
}

function compare(before: Set<string>, after: Set<string>): string[] {
  return [
    ...[...after].filter((line) => !before.has(line)).map((line) => `left behind: ${line}`),
    // Files and cgroups of an engine that is used meanwhile come and go.
    ...[...before]
      .filter((line) => !after.has(line) && !/^(file|cgroup) /.test(line))
      .map((line) => `gone or changed: ${line}`),
  ];
}
