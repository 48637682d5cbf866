import {
  type IdMapWriter,
  idMapText,
  type LinuxIdMapping,
  openProcess,
  writeIdMaps,
} from "../namespace/index.ts";
import { Clone, cloneArgs, List, Memory, type Result, Wait } from "../plan/index.ts";
import type { MountIdMaps } from "../rootfs/index.ts";
import { openPipe } from "./process/pipes.ts";

const CLONE_NEWUSER = 0x10000000;
const O_CLOEXEC = 0o2000000;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const HOLDER_MILLISECONDS = 10_000;
const privileged: IdMapWriter = { kind: "privileged" };

/**
 * User namespaces that have no processes and are nothing but id maps, for mounts (mount_setattr(2), "ID-mapped
 * mounts"): each is made when first asked for, by a process that ends as soon as its namespace has been opened.
 */
export function mountIdMaps(keeper: List): (maps: MountIdMaps) => Result {
  const made: { readonly text: string; readonly fd: Result }[] = [];
  return ({ uids, gids }) => {
    const text = `${idMapText(uids)}:${idMapText(gids)}`;
    for (const known of made) if (known.text === text) return known.fd;
    const fd = openMaps(keeper, uids, gids);
    made.push({ text, fd });
    return fd;
  };
}

function openMaps(keeper: List, uids: readonly LinuxIdMapping[], gids: readonly LinuxIdMapping[]): Result {
  keeper.step(
    "a user namespace for its id maps",
    "a mount can show files as other users' by it",
    () => "#   mount(8) does it",
  );
  const end = openPipe(keeper);
  const holder = new List("holder");
  holder.step("hold the user namespace", "until it has been opened");
  holder.call("prctl", PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  holder.call("close", end.write);
  holder.call("read", end.read, new Memory(1), 1).expect(0);
  const pid = keeper.add(new Clone(cloneArgs(CLONE_NEWUSER), holder));
  writeIdMaps(keeper, pid, uids, gids, privileged);
  const fd = keeper.call("openat", openProcess(keeper, pid), "ns/user", O_CLOEXEC, 0);
  keeper.call("close", end.write);
  keeper.add(new Wait(pid, HOLDER_MILLISECONDS));
  return fd;
}
