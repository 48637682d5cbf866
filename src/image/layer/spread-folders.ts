import { constants, statfsSync } from "node:fs";
import { List, Memory, Store } from "../../plan/index.ts";
import { type KeeperTools, perform } from "./keeper-work.ts";

const AT_FDCWD = -100;
const O_CLOEXEC = 0o2000000;
const EXT4_SUPER_MAGIC = 0xef53;
const FS_IOC_GETFLAGS = 0x80086601;
const FS_IOC_SETFLAGS = 0x40086602;
const FS_TOPDIR_FL = 0x20000;

/**
 * Tells ext4 that the folders in a folder have nothing to do with each other (chattr(1), attribute T): each gets a part
 * of the disk with few others. Otherwise all stand together where files were removed a moment ago, whose inodes ext4
 * does not use again for a minute or more: it passes over each of them for every file it makes.
 *
 * It is a wish: a file system that does not have it, or refuses, is as good.
 */
export async function spreadFolders(
  folder: string,
  tools: Pick<KeeperTools, "keeper" | "reportDirectory">,
): Promise<void> {
  if (statfsSync(folder).type !== EXT4_SUPER_MAGIC) return;
  const asked = await flagsCall(folder, FS_IOC_GETFLAGS, 0, tools);
  if (asked.result < 0 || (asked.flags & FS_TOPDIR_FL) !== 0) return;
  await flagsCall(folder, FS_IOC_SETFLAGS, asked.flags | FS_TOPDIR_FL, tools);
}

/** One of the calls for a file's flags (ioctl_iflags(2)), and the flags afterwards. */
async function flagsCall(
  folder: string,
  request: number,
  flags: number,
  tools: Pick<KeeperTools, "keeper" | "reportDirectory">,
): Promise<{ result: number; flags: number }> {
  const keeper = new List("keeper");
  keeper.step("tell the file system of layers", "their folders have nothing to do with each other");
  const how = constants.O_RDONLY | constants.O_DIRECTORY | O_CLOEXEC;
  const fd = keeper.call("openat", AT_FDCWD, folder, how, 0);
  const word = new Memory(4);
  new DataView(word.bytes.buffer).setInt32(0, flags, true);
  const call = keeper.call("ioctl", fd, request, word).about(folder);
  call.accept("EACCES", "EINVAL", "ENOTTY", "EOPNOTSUPP", "EPERM", "EROFS");
  const outcome = new Memory(4);
  keeper.add(new Store(call, outcome, 0, "u32"));
  const exports = new Map([
    ["flags", word],
    ["outcome", outcome],
  ]);
  const report = await perform({ keeper, cleanup: new List("afterwards"), exports }, tools);
  const number = (name: string): number => {
    const bytes = report.exports.get(name) as Uint8Array;
    return new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
  };
  return { result: number("outcome"), flags: number("flags") };
}
