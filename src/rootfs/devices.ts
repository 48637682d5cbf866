import { HuskError } from "../platform/error.ts";
import type { List, Result } from "../plan/index.ts";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_NOFOLLOW,
  O_PATH,
  OPEN_TREE_CLONE,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
} from "./flags.ts";
import {
  attach,
  checkDevice,
  cleanPath,
  directoryInRoot,
  emptyFile,
  isOwnMount,
  type RootView,
  STRICT,
} from "./in-root.ts";
import { inRootfs } from "./shell.ts";
import { quote } from "../plan/index.ts";
import type { LinuxDevice, Mount } from "./types.ts";

export interface DeviceOptions {
  /** Show the host's nodes instead of making new ones: mknod(2) is refused under a user namespace. */
  readonly bind?: boolean;
}

const DEFAULT_NAMES = ["null", "zero", "full", "random", "urandom", "tty"];
const DEFAULT_NUMBERS = [0x103, 0x105, 0x107, 0x108, 0x109, 0x500];
const DEFAULT_LINKS = [
  "fd",
  "/proc/self/fd",
  "stdin",
  "/proc/self/fd/0",
  "stdout",
  "/proc/self/fd/1",
  "stderr",
  "/proc/self/fd/2",
];

/** Whether husk fills /dev: not if the configuration binds one there (config-linux.md, "Default Devices"). */
export function needsDevices(mounts: readonly Mount[]): boolean {
  for (const { destination, type, options } of mounts) {
    if (cleanPath(destination) !== "/dev") continue;
    if (type === "bind" || options?.includes("bind") || options?.includes("rbind")) return false;
  }
  return true;
}

/** The devices every container has (config-linux.md), as the runtime-spec's type. */
export function defaultDevices(): LinuxDevice[] {
  return DEFAULT_NAMES.map((name, i) => {
    const number = DEFAULT_NUMBERS[i] as number;
    return { type: "c", path: `/dev/${name}`, major: number >> 8, minor: number & 0xff };
  });
}

/**
 * Adds the default devices with those of the configuration, and the usual links in /dev.
 * /dev must be a real directory: were it a symbolic link, nodes would be made elsewhere (CVE-2026-41579).
 *
 * @param given `linux.devices`: one with the path of a default device replaces it
 * @throws HuskError `invalid` for an unknown type or a device without numbers
 */
export function addDevices(
  root: RootView,
  given: readonly LinuxDevice[] = [],
  options: DeviceOptions = {},
): void {
  const { list } = root;
  const bind = options.bind ?? false;
  list.step("devices", "null, zero, random and the like: devices that can do no harm", () =>
    shell(given, bind),
  );
  // In a /dev of husk's own nothing can stand in the way.
  const isNew = isOwnMount(root, "/dev");
  const dev = directoryInRoot(root, "/dev", STRICT);
  for (let i = 0; i < DEFAULT_NAMES.length; i++) {
    const name = DEFAULT_NAMES[i] as string;
    if (given.length > 0 && isGiven(given, name)) continue;
    const node = {
      parent: dev,
      name,
      path: `/dev/${name}`,
      kind: S_IFCHR,
      number: DEFAULT_NUMBERS[i] as number,
    };
    if (bind) bindNode(root, node);
    else makeNode(list, node, 0o666, isNew);
  }
  for (const device of given) {
    // A node of that name would open the host's terminals: it is a link to the container's own.
    if (cleanPath(device.path) !== "/dev/ptmx") addDevice(root, dev, device, { bind, isNew });
  }
  for (let i = 0; i < DEFAULT_LINKS.length; i += 2) {
    const name = DEFAULT_LINKS[i] as string;
    const link = list.call("symlinkat", DEFAULT_LINKS[i + 1] as string, dev, name).about(`/dev/${name}`);
    if (!isNew) link.accept("EEXIST");
  }
  const ptmx = list.call("symlinkat", "pts/ptmx", dev, "ptmx").about("/dev/ptmx");
  if (isNew) return;
  // A node of that name would open the terminals of whoever made it.
  ptmx.accept("EEXIST");
  list.when(ptmx, "failed", () => {
    list.call("unlinkat", dev, "ptmx", 0).about("/dev/ptmx");
    list.call("symlinkat", "pts/ptmx", dev, "ptmx").about("/dev/ptmx");
  });
}

function isGiven(given: readonly LinuxDevice[], name: string): boolean {
  return given.some((device) => cleanPath(device.path) === `/dev/${name}`);
}

/** A device and the open directory it belongs in. */
interface Node {
  readonly parent: Result;
  readonly name: string;
  readonly path: string;
  readonly kind: number;
  readonly number: number;
}

function addDevice(
  root: RootView,
  dev: Result,
  device: LinuxDevice,
  how: { readonly bind: boolean; readonly isNew: boolean },
): void {
  const path = cleanPath(device.path);
  const kind = kindOf(device, path);
  const { major = 0, minor = 0, fileMode = 0o666, uid = 0, gid = 0 } = device;
  const slash = path.lastIndexOf("/");
  const folder = path.slice(0, slash) || "/";
  const parent = folder === "/dev" ? dev : directoryInRoot(root, folder, STRICT);
  const number = kind === S_IFIFO ? 0 : deviceNumber(major, minor);
  const node = { parent, name: path.slice(slash + 1), path, kind, number };
  if (how.bind && kind !== S_IFIFO) return bindNode(root, node);
  makeNode(root.list, node, fileMode & 0o7777, how.isNew && parent === dev);
  if (uid !== 0 || gid !== 0) {
    root.list.call("fchownat", parent, node.name, uid, gid, AT_SYMLINK_NOFOLLOW).about(path);
  }
}

/** Makes a device; an existing one will do if it is the same device. */
function makeNode(list: List, node: Node, mode: number, isNew: boolean): void {
  const { parent, name, path, kind, number } = node;
  const made = list.call("mknodat", parent, name, kind | mode, number).about(path);
  if (isNew) return;
  made.accept("EEXIST");
  list.when(made, "failed", () => {
    const found = list.call("openat", parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0).about(path);
    checkDevice(list, found, kind, majorOf(number), minorOf(number), path);
  });
}

/** Shows the host's node of the same path, once it is seen to be that device. */
function bindNode(root: RootView, { parent, name, path, kind, number }: Node): void {
  const { list } = root;
  const host = `the host's ${path}`;
  const node = list.call("openat", AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0).about(host);
  checkDevice(list, node, kind, majorOf(number), minorOf(number), host);
  const place = emptyFile(root, parent, name, path);
  const tree = list.call("open_tree", node, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | O_CLOEXEC).about(path);
  attach(list, tree, place, path);
}

function kindOf(device: LinuxDevice, path: string): number {
  const { type, major, minor } = device;
  if (type === "p") return S_IFIFO;
  if (type !== "c" && type !== "u" && type !== "b") {
    throw new HuskError("invalid", `device ${path}: unknown type "${type}"`, {
      hint: "c or u is a character device, b a block device, p a FIFO",
    });
  }
  if (
    !(Number.isInteger(major) && Number.isInteger(minor) && (major as number) >= 0 && (minor as number) >= 0)
  ) {
    throw new HuskError("invalid", `device ${path} has no major and minor number`, {
      hint: `ls -l ${path} shows them where the host has it`,
    });
  }
  if ((major as number) > 0xfff || (minor as number) > 0xfffff) {
    throw new HuskError("invalid", `device ${path}: ${major}:${minor} is no device number`, {
      hint: "the largest is 4095:1048575",
    });
  }
  return type === "b" ? S_IFBLK : S_IFCHR;
}

/** The 32-bit encoding mknodat(2) takes (new_encode_dev in linux/kdev_t.h). */
export function deviceNumber(major: number, minor: number): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

function majorOf(number: number): number {
  return (number >> 8) & 0xfff;
}

function minorOf(number: number): number {
  return (number & 0xff) | ((number >>> 12) & 0xfff00);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function shell(given: readonly LinuxDevice[], bind: boolean): string {
  const devices = defaultDevices().filter(({ path }) => !isGiven(given, path.slice(5)));
  devices.push(...given);
  const lines: string[] = [];
  const folders = new Set(["/dev", ...devices.map(({ path }) => parentOf(cleanPath(path)))]);
  for (const folder of folders) lines.push(`mkdir -p ${inRootfs(folder)}`);
  for (const { type, path, major, minor, fileMode = 0o666, uid = 0, gid = 0 } of devices) {
    const place = inRootfs(cleanPath(path));
    if (bind && type !== "p") {
      lines.push(`: > ${place}; mount --bind ${quote(path)} ${place}`);
      continue;
    }
    const numbers = type === "p" ? "" : ` ${major} ${minor}`;
    lines.push(`[ -e ${place} ] || mknod -m ${(fileMode & 0o7777).toString(8)} ${place} ${type}${numbers}`);
    if (uid !== 0 || gid !== 0) lines.push(`chown ${uid}:${gid} ${place}`);
  }
  for (let i = 0; i < DEFAULT_LINKS.length; i += 2) {
    lines.push(`ln -sfn ${DEFAULT_LINKS[i + 1]} ${inRootfs(`/dev/${DEFAULT_LINKS[i]}`)}`);
  }
  lines.push(`ln -sfn pts/ptmx ${inRootfs("/dev/ptmx")}`);
  return lines.join("\n");
}
