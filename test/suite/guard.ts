// guard COMMAND…: runs COMMAND and compares the machine before and after: mounts, network interfaces, device
// nodes, cgroups and files that are husk's. What is left or gone is named, and makes the exit status 99.
import { lstatSync, readdirSync, readFileSync } from "node:fs";

const leftBehind = 99;
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

/** Everything that husk could leave on a machine, one line each. */
function snapshot(): Set<string> {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").trimEnd().split("\n");
  const interfaces = readFileSync("/proc/self/net/dev", "utf8").trimEnd().split("\n").slice(2);
  const husks = (name: string) => name.includes("husk") && !/^husk-(test|suite)-/.test(name);
  return new Set([
    ...mounts.map((line) => `mount ${line.split(" ").slice(4).join(" ")}`),
    ...interfaces.map((line) => `network interface ${line.slice(0, line.indexOf(":")).trim()}`),
    ...list("/dev", (name) => !/^(loop|dm-|tty)/.test(name)).map(device),
    ...cgroups("/sys/fs/cgroup", 6).map((path) => `cgroup ${path}`),
    ...[
      ...list(process.env.TMPDIR ?? "/tmp", (name) => name !== "home" && name !== "run"),
      ...["/tmp", "/dev/shm", "/run", "/var/lib", "/run/lock"].flatMap((folder) => list(folder, husks)),
      ...["/run/husk", "/var/lib/husk", process.cwd()].flatMap((folder) => list(folder)),
    ].map((path) => `file ${path}`),
  ]);
}

const before = snapshot();
const child = Bun.spawn(process.argv.slice(2), { stdio: ["ignore", "inherit", "inherit"] });
process.on("SIGTERM", () => child.kill("SIGTERM"));
await child.exited;

// What the kernel takes down after the last process ended takes a moment.
const deadline = performance.now() + graceMilliseconds;
let differences = compare();
while (differences.length > 0 && performance.now() < deadline) {
  await Bun.sleep(50);
  differences = compare();
}
for (const line of differences) console.error(line);
process.exit(differences.length > 0 ? leftBehind : (child.exitCode ?? 128));

function compare(): string[] {
  const after = snapshot();
  return [
    ...[...after].filter((line) => !before.has(line)).map((line) => `left behind: ${line}`),
    // Files and cgroups of an engine that is used meanwhile come and go.
    ...[...before]
      .filter((line) => !after.has(line) && !/^(file|cgroup) /.test(line))
      .map((line) => `gone or changed: ${line}`),
  ];
}
