import { existsSync, readFileSync } from "node:fs";

/** One tree of control groups that is mounted: a hierarchy of v1, or the one of v2. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** Absolute path of the mount point. */
  readonly mount: string;
  /** Controllers whose files are in here; a named hierarchy of v1 has `name=systemd` alone. */
  readonly controllers: readonly string[];
  /** Group of this process below the mount point (`/` for the mount point), unless it lies outside. */
  readonly own: string | undefined;
  readonly readOnly: boolean;
}

/** Where each controller is: v1, v2, or some here and some there ("hybrid"). */
export interface Layout {
  readonly hierarchies: readonly Hierarchy[];
}

/** The hierarchy that has a controller, or undefined if none is mounted. */
export function hierarchyOf(layout: Layout, controller: string): Hierarchy | undefined {
  for (const hierarchy of layout.hierarchies) {
    if (hierarchy.controllers.includes(controller)) return hierarchy;
  }
  return undefined;
}

/** Reads the layout of this machine as this process sees it. */
export function readLayout(): Layout {
  return detectLayout(
    readFileSync("/proc/self/mountinfo", "utf8"),
    readFileSync("/proc/self/cgroup", "utf8"),
    readControllers,
  );
}

function readControllers(mount: string): string {
  const file = `${mount}/cgroup.controllers`;
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/**
 * Finds the hierarchies in the texts of /proc/self/mountinfo (proc_pid_mountinfo(5)) and
 * /proc/self/cgroup (cgroups(7)).
 *
 * A hierarchy mounted more than once counts once, preferably below /sys/fs/cgroup; a mount covered
 * by a later one does not count.
 *
 * @param controllersOf reads `cgroup.controllers` of a v2 mount point
 */
export function detectLayout(
  mountinfo: string,
  self: string,
  controllersOf: (mount: string) => string,
): Layout {
  const hierarchies: Hierarchy[] = [];
  const covered = mountinfo.lastIndexOf(" /sys/fs/cgroup ");
  for (let at = mountinfo.indexOf(" - cgroup"); at >= 0; at = mountinfo.indexOf(" - cgroup", at + 1)) {
    const start = mountinfo.lastIndexOf("\n", at) + 1;
    let end = mountinfo.indexOf("\n", at);
    if (end < 0) end = mountinfo.length;
    const rootAt = nextField(mountinfo, nextField(mountinfo, nextField(mountinfo, start)));
    const mountAt = nextField(mountinfo, rootAt);
    const optionsAt = nextField(mountinfo, mountAt);
    const mount = mountinfo.slice(mountAt, optionsAt - 1);
    if (start < covered && mount.startsWith("/sys/fs/cgroup/")) continue;
    if (mountinfo.includes(` ${mount} `, end)) continue;
    const version = mountinfo.startsWith("cgroup2 ", at + 3) ? 2 : 1;
    const namesAt = version === 2 ? self.indexOf("0::") + 2 : findNames(self, mountinfo, at, end);
    if (namesAt <= 1) continue;
    const colon = self.indexOf(":", namesAt);
    let lineEnd = self.indexOf("\n", colon);
    if (lineEnd < 0) lineEnd = self.length;
    const path = unescape(mount);
    const found: Hierarchy = {
      version,
      mount: path,
      controllers: version === 1 ? self.slice(namesAt, colon).split(",") : words(controllersOf(path)),
      own: ownGroup(unescape(mountinfo.slice(rootAt, mountAt - 1)), self.slice(colon + 1, lineEnd)),
      readOnly: mountinfo.startsWith("ro", optionsAt),
    };
    addOnce(hierarchies, found);
  }
  return { hierarchies };
}

/** Start of the field after the one at `at`. */
function nextField(text: string, at: number): number {
  return text.indexOf(" ", at) + 1;
}

/**
 * Where the controllers of a v1 mount stand in /proc/self/cgroup, as `ID:CONTROLLERS:PATH`, or 0.
 *
 * The mount names them last among its options, `rw,cpu,cpuacct`, or beside others:
 * `rw,xattr,name=systemd`.
 */
function findNames(self: string, mountinfo: string, at: number, end: number): number {
  const options = mountinfo.slice(mountinfo.lastIndexOf(" ", end - 1) + 1, end);
  const usual = self.indexOf(`:${options.slice(3)}:`);
  if (usual >= 0) return usual + 1;
  for (const option of options.split(",")) {
    for (const mark of [`:${option}:`, `:${option},`]) {
      const names = self.indexOf(mark);
      if (names >= 0) return names + 1;
    }
  }
  return 0;
}

function addOnce(hierarchies: Hierarchy[], found: Hierarchy): void {
  for (let i = 0; i < hierarchies.length; i++) {
    const known = hierarchies[i] as Hierarchy;
    if (known.version !== found.version) continue;
    if (found.version === 1 && known.controllers[0] !== found.controllers[0]) continue;
    if (found.mount.startsWith("/sys/fs/cgroup") && !known.mount.startsWith("/sys/fs/cgroup"))
      hierarchies[i] = found;
    return;
  }
  hierarchies.push(found);
}

/**
 * Where a group named by /proc/self/cgroup is below a mount that shows the tree from `root` on.
 *
 * In a container the mount may begin at the container's group while the name begins at the top, or
 * at the cgroup namespace (cgroup_namespaces(7)): then the name is `/`.
 */
function ownGroup(root: string, name: string): string | undefined {
  if (root === "/") return name.startsWith("/..") ? undefined : name;
  if (name === root || name === "/") return "/";
  return name.startsWith(`${root}/`) ? name.slice(root.length) : undefined;
}

function words(text: string): string[] {
  const trimmed = text.trim();
  return trimmed === "" ? [] : trimmed.split(" ");
}

/** Space, tab, newline and backslash are octal in mountinfo: `\040`. */
function unescape(path: string): string {
  if (!path.includes("\\")) return path;
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
