import { HuskError } from "../platform/error.ts";
import type { Result } from "../plan/index.ts";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_NOFOLLOW,
  O_PATH,
  OPEN_TREE_CLONE,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_SYMLINKS,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
} from "./flags.ts";
import { attach, checkDevice, cleanPath, directoryInRoot, openInRoot, type RootView } from "./in-root.ts";
import { inRootfs } from "./shell.ts";
import { quote } from "../plan/index.ts";
import type { LinuxDevice, Mount } from "./types.ts";

export interface DeviceOptions {
  /** Show the host's nodes instead of making new ones: mknod(2) is refused under a user namespace. */
  readonly bind?: boolean;
}

const DEFAULT_DEVICES = "null 1:3 zero 1:5 full 1:7 random 1:8 urandom 1:9 tty 5:0";
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
  const words = DEFAULT_DEVICES.split(" ");
  const devices: LinuxDevice[] = [];
  for (let i = 0; i < words.length; i += 2) {
    const [major, minor] = (words[i + 1] as string).split(":");
    devices.push({ type: "c", path: `/dev/${words[i]}`, major: Number(major), minor: Number(minor) });
  }
  return devices;
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
  const devices = defaultDevices().filter(
    ({ path }) => !given.some((other) => cleanPath(other.path) === path),
  );
  devices.push(...given);
  list.step("devices", "null, zero, random and the like: devices that can do no harm", () =>
    shell(devices, bind),
  );
  // In a /dev of husk's own nothing can stand in the way.
  const isNew = root.own.has("/dev");
  const dev = directoryInRoot(root, "/dev", RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
  for (const device of devices) addDevice(root, dev, device, { bind, isNew });
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

function addDevice(
  root: RootView,
  dev: Result,
  device: LinuxDevice,
  how: { readonly bind: boolean; readonly isNew: boolean },
): void {
  const { list } = root;
  const path = cleanPath(device.path);
  const kind = kindOf(device, path);
  const { major = 0, minor = 0, fileMode = 0o666, uid = 0, gid = 0 } = device;
  let parent = dev;
  let name = path.slice(5);
  if (!path.startsWith("/dev/") || name.includes("/")) {
    const slash = path.lastIndexOf("/");
    name = path.slice(slash + 1);
    parent = directoryInRoot(root, path.slice(0, slash) || "/", RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
  }
  if (how.bind && kind !== S_IFIFO) return bindDevice(root, parent, name, path, kind, major, minor);
  const number = kind === S_IFIFO ? 0 : deviceNumber(major, minor);
  const made = list.call("mknodat", parent, name, kind | (fileMode & 0o7777), number).about(path);
  if (!how.isNew || parent !== dev) {
    made.accept("EEXIST");
    list.when(made, "failed", () => {
      const flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
      const found = list.call("openat", parent, name, flags, 0).about(path);
      checkDevice(list, found, kind, kind === S_IFIFO ? 0 : major, kind === S_IFIFO ? 0 : minor, path);
    });
  }
  if (uid !== 0 || gid !== 0) list.call("fchownat", parent, name, uid, gid, AT_SYMLINK_NOFOLLOW).about(path);
}

/** Shows the host's node of the same path, once it is seen to be that device. */
function bindDevice(
  root: RootView,
  parent: Result,
  name: string,
  path: string,
  kind: number,
  major: number,
  minor: number,
): void {
  const { list } = root;
  const node = list
    .call("openat", AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0)
    .about(`the host's ${path}`);
  checkDevice(list, node, kind, major, minor, `the host's ${path}`);
  const place = placeForNode(root, parent, name, path);
  const tree = list.call("open_tree", node, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | O_CLOEXEC).about(path);
  attach(list, tree, place, path);
}

/** An empty file to mount a node on; an existing one of any kind will do, but no symbolic link. */
export function placeForNode(root: RootView, parent: Result, name: string, path: string): Result {
  const { list } = root;
  list.call("mknodat", parent, name, 0o100666, 0).accept("EEXIST").about(path);
  return openInRoot(root, name, O_PATH | O_NOFOLLOW, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS, parent);
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

function shell(devices: readonly LinuxDevice[], bind: boolean): string {
  const lines = [`mkdir -p ${inRootfs("/dev")}`];
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
