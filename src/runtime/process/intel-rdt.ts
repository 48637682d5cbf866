import { readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { type List, Memory, type Result } from "../../plan/index.ts";
import type { Linux } from "../config.ts";

const AT_FDCWD = -100;
const AT_REMOVEDIR = 0x200;
const O_WRONLY_CLOEXEC = 0o2000001;
const PID_BYTES = 12;

/** A container's part of the resource control file system (resctrl.rst of the kernel's documentation). */
export interface IntelRdt {
  /** Folder of the class of service. */
  readonly group: string;
  /** It is made for this container, and goes with it. */
  readonly own: boolean;
  /** What its file `schemata` is to say; empty: what it says. */
  readonly schemata: string;
  /** Folder of the container's monitoring group. */
  readonly monitor: string | undefined;
}

/** Folders that go when the container does, in that order. */
export function rdtFolders({ group, own, monitor }: IntelRdt): string[] {
  return [...(monitor === undefined ? [] : [monitor]), ...(own ? [group] : [])];
}

/** Where the resource control file system is mounted; undefined: nowhere. */
export function findResctrl(mountinfo = readFileSync("/proc/self/mountinfo", "utf8")): string | undefined {
  for (const line of mountinfo.split("\n")) {
    const [mount = "", fs = ""] = line.split(" - ");
    if (fs.startsWith("resctrl ")) return mount.split(" ")[4];
  }
  return undefined;
}

/**
 * Decides on the group of `linux.intelRdt` (config-linux.md, "IntelRdt"). A class that exists is shared: it has to say
 * what is asked for already, and stays when the container goes.
 *
 * @param root where the file system is mounted
 * @throws HuskError "unavailable" without it; "not-found", "conflict" for a class that is missing or different
 */
export function resolveIntelRdt(
  config: NonNullable<Linux["intelRdt"]>,
  id: string,
  root: string | undefined = findResctrl(),
): IntelRdt {
  if (root === undefined) {
    throw new HuskError("unavailable", "linux.intelRdt: no resource control file system is mounted", {
      hint: "on a machine that has it: mount -t resctrl resctrl /sys/fs/resctrl",
    });
  }
  const { closID, l3CacheSchema, memBwSchema, schemata = [], enableMonitoring = false } = config;
  const lines = [l3CacheSchema, memBwSchema, ...schemata].filter((line) => line !== undefined && line !== "");
  const group = `${root}/${closID || id}`;
  const present = readSchemata(group);
  if (closID && present === undefined && lines.length === 0) {
    throw new HuskError("not-found", `linux.intelRdt.closID: there is no class ${closID} in ${root}`, {
      hint: "make it, or say what it is to be: schemata",
    });
  }
  if (closID && present !== undefined) {
    for (const line of lines)
      for (const wanted of (line as string).split("\n"))
        if (wanted !== "" && !present.includes(plain(wanted)))
          throw new HuskError(
            "conflict",
            `linux.intelRdt: the class ${closID} exists and does not say ${wanted}`,
            {
              hint: `${group}/schemata says ${present.join(", ")}`,
            },
          );
  }
  const monitor = enableMonitoring ? `${group}/mon_groups/${id}` : undefined;
  const own = present === undefined;
  return { group, own, schemata: own && lines.length > 0 ? `${lines.join("\n")}\n` : "", monitor };
}

function readSchemata(group: string): string[] | undefined {
  try {
    return readFileSync(`${group}/schemata`, "utf8").split("\n").map(plain);
  } catch {
    return undefined;
  }
}

/** The kernel pads its lines, and runs of zeros mean nothing: `  L3:0=0ff` is `L3:0=ff`. */
function plain(line: string): string {
  return line.replaceAll(/\s/g, "").replaceAll(/([:=;])0+(?=[0-9a-fA-F])/g, "$1");
}

/** Makes the groups before the container's process is there; `cleanup` removes what was made. */
export function prepareIntelRdt(keeper: List, cleanup: List, rdt: IntelRdt): void {
  const { group, own, schemata, monitor } = rdt;
  keeper.step(
    `class of service ${group}`,
    "its share of the processor's cache and of the memory's bandwidth",
  );
  if (own) keeper.call("mkdirat", AT_FDCWD, group, 0o755).about(group);
  if (schemata !== "") {
    const file = keeper.call("openat", AT_FDCWD, `${group}/schemata`, O_WRONLY_CLOEXEC, 0).about(group);
    const words = `schemata ${JSON.stringify(schemata.trim())}`;
    keeper.call("write", file, schemata, schemata.length).expect(schemata.length).about(words);
    keeper.call("close", file);
  }
  if (monitor !== undefined) keeper.call("mkdirat", AT_FDCWD, monitor, 0o755).about(monitor);
  const folders = rdtFolders(rdt);
  if (folders.length === 0) return;
  cleanup.step("remove the class of service", "the next one may need its number");
  for (const folder of folders) cleanup.call("unlinkat", AT_FDCWD, folder, AT_REMOVEDIR);
}

/** Puts the container's first process into its groups; what it forks is born there. */
export function enterIntelRdt(keeper: List, pid: Result, { group, monitor }: IntelRdt): void {
  keeper.step("enter the class of service", "before the container's process has children");
  const digits = new Memory(PID_BYTES);
  const length = keeper.store(pid, digits, 0, "decimal");
  for (const folder of monitor === undefined ? [group] : [group, monitor]) {
    const tasks = keeper.call("openat", AT_FDCWD, `${folder}/tasks`, O_WRONLY_CLOEXEC, 0).about(folder);
    keeper.call("write", tasks, digits, length).about(`${folder}/tasks`);
    keeper.call("close", tasks);
  }
}
