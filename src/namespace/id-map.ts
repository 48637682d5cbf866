import { Clone, cloneArgs, Exec, List, Memory, type Result, Wait } from "../plan/index.ts";
import { idMapShell } from "./id-map-shell.ts";
import type { LinuxIdMapping } from "./types.ts";

const O_WRONLY_CLOEXEC = 0o2000001;
const O_PATH_DIRECTORY_CLOEXEC = 0o12200000;
const HELPER_MILLISECONDS = 10_000;

/** Who writes the maps of a new user namespace (user_namespaces(7)). */
export type IdMapWriter =
  /** husk has CAP_SETUID and CAP_SETGID: any map, written directly. */
  | { readonly kind: "privileged" }
  /** An ordinary user maps the own ids only; setgroups(2) has to be denied first. */
  | { readonly kind: "single" }
  /** newuidmap(1) and newgidmap(1) write what /etc/subuid and /etc/subgid allow. */
  | { readonly kind: "helpers"; readonly newuidmap: string; readonly newgidmap: string };

/** The lines that go into /proc/<pid>/uid_map. */
export function idMapText(mappings: readonly LinuxIdMapping[]): string {
  let text = "";
  for (const { containerID, hostID, size } of mappings) text += `${containerID} ${hostID} ${size}\n`;
  return text;
}

/**
 * Writes the id maps of the user namespace that process `pid` (an earlier result of `keeper`) was cloned into.
 * The process must be waiting: without maps it has no id to act as. An empty list of mappings is not written.
 *
 * @param denySetgroups forbid setgroups(2) in the namespace; a single mapping of the own group demands it
 */
export function writeIdMaps(
  keeper: List,
  pid: Result,
  uids: readonly LinuxIdMapping[],
  gids: readonly LinuxIdMapping[],
  writer: IdMapWriter,
  denySetgroups = writer.kind === "single" && gids.length > 0,
): void {
  const title = `map ids: ${describeIdMap(uids.length > 0 ? uids : gids)}`;
  keeper.step(title, "ids inside the user namespace stand for other ids outside", () =>
    idMapShell(uids, gids, writer, denySetgroups),
  );
  if (writer.kind === "helpers") {
    if (denySetgroups) writeProcFile(keeper, openProcess(keeper, pid), "setgroups", "deny");
    if (uids.length > 0) runMapHelper(keeper, writer.newuidmap, "newuidmap", pid, uids, "/etc/subuid");
    if (gids.length > 0) runMapHelper(keeper, writer.newgidmap, "newgidmap", pid, gids, "/etc/subgid");
    return;
  }
  const proc = openProcess(keeper, pid);
  if (denySetgroups) writeProcFile(keeper, proc, "setgroups", "deny");
  if (uids.length > 0) writeProcFile(keeper, proc, "uid_map", idMapText(uids));
  if (gids.length > 0) writeProcFile(keeper, proc, "gid_map", idMapText(gids));
}

/** The folder of a process below /proc, by the pid that an earlier operation gave. */
export function openProcess(keeper: List, pid: Result): Result {
  const path = new Memory(24);
  path.bytes.set([47, 112, 114, 111, 99, 47]); // "/proc/"
  keeper.store(pid, path, 6, "decimal");
  return keeper.call("openat", -100, path, O_PATH_DIRECTORY_CLOEXEC).about("/proc/<pid> of the new process");
}

/** "0→100000 (65536)": for titles. */
function describeIdMap(mappings: readonly LinuxIdMapping[]): string {
  return mappings.map((m) => `${m.containerID}→${m.hostID} (${m.size})`).join(", ");
}

function writeProcFile(list: List, directory: Result, name: string, text: string): void {
  const fd = list.call("openat", directory, name, O_WRONLY_CLOEXEC).about(`/proc/<pid>/${name}`);
  list.call("write", fd, text, text.length).expect(text.length).about(`${name} "${text.trim()}"`);
}

function runMapHelper(
  keeper: List,
  program: string,
  name: string,
  pid: Result,
  mappings: readonly LinuxIdMapping[],
  file: string,
): void {
  const digits = new Memory(16);
  keeper.store(pid, digits, 0, "decimal");
  const argv: (string | Memory)[] = [name, digits];
  for (const m of mappings) argv.push(`${m.containerID}`, `${m.hostID}`, `${m.size}`);
  const helper = new List(name);
  helper.step(name, `checks ${file} and writes the map`);
  // The step that failed is told of once; and whoever kills a container is not told that it is gone.
  const nowhere = helper.call("openat", -100, "/dev/null", O_WRONLY_CLOEXEC).about("/dev/null");
  helper.call("dup3", nowhere, 2, 0);
  helper.add(new Exec([program], argv, ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]));
  const child = keeper.add(new Clone(cloneArgs(0), helper));
  keeper.add(new Wait(child, HELPER_MILLISECONDS)).object = `${name} (see ${file})`;
}
