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
  const memberships = self.split("\n");
  for (let at = mountinfo.indexOf(" - cgroup"); at >= 0; at = mountinfo.indexOf(" - cgroup", at + 1)) {
    const start = mountinfo.lastIndexOf("\n", at) + 1;
    let end = mountinfo.indexOf("\n", at);
    if (end < 0) end = mountinfo.length;
    const fields = mountinfo.slice(start, at).split(" ");
    const root = fields[3];
    const mount = fields[4];
    const options = fields[5];
    if (root === undefined || mount === undefined || options === undefined) continue;
    const superOptions = mountinfo.slice(mountinfo.lastIndexOf(" ", end - 1) + 1, end);
    if (mount.startsWith("/sys/fs/cgroup/") && start < covered) continue;
    if (mountinfo.includes(` ${mount} `, end)) continue;
    const version = mountinfo.startsWith("cgroup2 ", at + 3) ? 2 : 1;
    const membership = findMembership(memberships, version, `,${superOptions},`);
    if (membership === undefined) continue;
    const path = unescape(mount);
    const colon = membership.indexOf(":");
    const second = membership.indexOf(":", colon + 1);
    const controllers =
      version === 1 ? membership.slice(colon + 1, second).split(",") : words(controllersOf(path));
    const found: Hierarchy = {
      version,
      mount: path,
      controllers,
      own: ownGroup(unescape(root), membership.slice(second + 1)),
      readOnly: options === "ro" || options.startsWith("ro,"),
    };
    const twin = hierarchies.findIndex((known) => isSame(known, found));
    if (twin < 0) hierarchies.push(found);
    else if (path.startsWith("/sys/fs/cgroup") && !hierarchies[twin]?.mount.startsWith("/sys/fs/cgroup"))
      hierarchies[twin] = found;
  }
  return { hierarchies };
}

/** The line `ID:CONTROLLERS:PATH` of the hierarchy a mount shows; v2 has `0::PATH`. */
function findMembership(lines: readonly string[], version: 1 | 2, options: string): string | undefined {
  for (const line of lines) {
    if (version === 2) {
      if (line.startsWith("0::")) return line;
      continue;
    }
    const colon = line.indexOf(":") + 1;
    const second = line.indexOf(":", colon);
    if (second <= colon) continue;
    const comma = line.indexOf(",", colon);
    const first = line.slice(colon, comma < 0 || comma > second ? second : comma);
    if (options.includes(`,${first},`)) return line;
  }
  return undefined;
}

function isSame(a: Hierarchy, b: Hierarchy): boolean {
  return a.version === b.version && (a.version === 2 || a.controllers[0] === b.controllers[0]);
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
