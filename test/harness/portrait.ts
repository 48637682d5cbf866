// A container as the host sees it: everything that tells one from another, as plain data to compare.
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { groupFile } from "./control-group.ts";
import { namespaceOf, procFile, processStatus } from "./process.ts";

export type Portrait = Record<string, string | readonly string[]>;

const KINDS = ["mnt", "pid", "uts", "ipc", "net", "user", "cgroup", "time"];
const IDENTITY = ["Uid", "Gid", "Groups", "Umask", "NoNewPrivs"];
const CAPABILITIES = ["CapBnd", "CapEff", "CapPrm", "CapInh", "CapAmb"];

/** Files of control groups by controller: v1 and v2 names. */
const LIMITS: readonly (readonly [string, ...string[]])[] = [
  ["memory", "memory.limit_in_bytes", "memory.max"],
  ["memory", "memory.memsw.limit_in_bytes", "memory.swap.max"],
  ["memory", "memory.soft_limit_in_bytes", "memory.low"],
  ["cpu", "cpu.cfs_quota_us", "cpu.max"],
  ["cpu", "cpu.shares", "cpu.weight"],
  ["cpuset", "cpuset.cpus"],
  ["pids", "pids.max"],
  ["devices", "devices.list"],
];

/**
 * What the host sees of the container that process `pid` is in.
 *
 * @param id the container's: it is replaced, also its first 12 digits (the hostname)
 * @param hidden paths in the container of which it is noted what reading them gives
 */
export function portrait(pid: number, id: string, hidden: readonly string[]): Portrait {
  const root = `/proc/${pid}/root`;
  const seen: Portrait = {
    namespaces: KINDS.filter((kind) => namespaceOf(pid, kind) !== namespaceOf(process.pid, kind)),
    "id maps": [procFile(pid, "uid_map") ?? "", procFile(pid, "gid_map") ?? ""].map((map) =>
      map.replace(/ +/g, " "),
    ),
    hostname: hostname(pid),
    ids: IDENTITY.map((field) => `${field} ${processStatus(pid, field)}`),
    capabilities: CAPABILITIES.map((field) => `${field} ${processStatus(pid, field)}`),
    "control groups": (procFile(pid, "cgroup") ?? "").trim().split("\n").toSorted(),
    "control group limits": LIMITS.map((names) => limit(pid, names)),
    limits: (procFile(pid, "limits") ?? "").split("\n"),
    oom_score_adj: procFile(pid, "oom_score_adj") ?? "",
    personality: procFile(pid, "personality") ?? "",
    program: (procFile(pid, "cmdline") ?? "").split("\0"),
    environment: (procFile(pid, "environ") ?? "").split("\0").toSorted(),
    cwd: readlinkSync(`/proc/${pid}/cwd`),
    mounts: mounts(pid),
    files: ["", "/dev", "/run", "/var", "/etc"].flatMap((folder) => files(root, folder)),
    hosts: read(`${root}/etc/hosts`),
    hidden: hidden.map((path) => `${path}: ${glance(`${root}${path}`)}`),
  };
  const text = JSON.stringify(seen);
  return JSON.parse(text.replaceAll(id, "ID").replaceAll(id.slice(0, 12), "SHORT"));
}

function hostname(pid: number): string {
  return Bun.spawnSync(["nsenter", `--uts=/proc/${pid}/ns/uts`, "hostname"])
    .stdout.toString()
    .trim();
}

function limit(pid: number, [controller, ...names]: readonly [string, ...string[]]): string {
  try {
    return `${names[0]} ${groupFile(pid, controller, ...names)}`;
  } catch {
    return `${names[0]}: none`;
  }
}

/** Place, type, and flags of each mount, and what of its file system it shows; what covers what is in the order. */
function mounts(pid: number): string[] {
  const lines = (procFile(pid, "mountinfo") ?? "").trim().split("\n");
  const found = lines.map((line) => {
    const [left = "", right = ""] = line.split(" - ");
    const [, , , root = "", place = "", flags = "", ...propagation] = left.split(" ");
    const [type = "", source = "", superblock = ""] = right.split(" ");
    const size = /size=\w+/.exec(superblock)?.[0] ?? "";
    // The number of a peer group is another in each container.
    const shares = propagation.map((word) => word.replace(/:\d+/, "")).join(",");
    const shown = type.startsWith("cgroup") ? "" : root;
    return [place, type, source, shown, flags, size, shares].join(" ");
  });
  return found.toSorted();
}

/** Names with type, permissions, owner, device number and link target. */
function files(root: string, folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(`${root}${folder}`);
  } catch {
    return [`${folder}: none`];
  }
  return names.toSorted().map((name) => {
    const path = `${root}${folder}/${name}`;
    const info = lstatSync(path);
    const target = info.isSymbolicLink() ? ` -> ${readlinkSync(path)}` : "";
    const device = info.isCharacterDevice() || info.isBlockDevice() ? ` ${info.rdev}` : "";
    // The kernel gives mqueue to whoever made the IPC namespace, before or after becoming its root.
    const owner = name === "mqueue" ? "" : ` ${info.uid}:${info.gid}`;
    return `${folder}/${name} ${info.mode.toString(8)}${owner}${device}${target}`;
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "";
  }
}

/** The first bytes of a file, or the names in a folder; or why they cannot be had. */
function glance(path: string): string {
  try {
    if (lstatSync(path).isDirectory()) return readdirSync(path).join(" ");
    return `${readFileSync(path).length > 0 ? "something" : "empty"}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "";
  }
}

/**
 * husk keeps what is written to the root in the container's folder, where it can in one overlay with what is written to
 * /usr and /etc; the script in memory, apart: it has no such folder.
 */
export function withoutPlace(seen: unknown): unknown {
  if (!Array.isArray(seen)) return seen;
  return seen.map((line: unknown) =>
    typeof line === "string"
      ? line
          .replace(/^\/ (\S+ \S+ \S*\/upper|tmpfs tmpfs \/root|overlay overlay \/\.husk) /, "/ written ")
          .replace(/^(\/[a-z]+) overlay overlay \1 /, "$1 overlay overlay / ")
      : line,
  );
}
