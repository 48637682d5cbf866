import { O_NOCTTY, O_RDWR } from "./flags.ts";
import { checkCharacterDevice, cleanPath, openInRoot, type RootView, STRICT } from "./in-root.ts";
import type { LinuxDevice } from "./types.ts";

/**
 * Streams that are the host's null device become the container's: so the program holds nothing of the host's mounts,
 * and criu(8), which sees the container's alone, can write them down. Stands after `addDevices`.
 *
 * @param given `linux.devices`: where one of them is /dev/null, the streams stay what they are
 */
export function useOwnNull(
  root: RootView,
  streams: readonly number[],
  given: readonly LinuxDevice[] = [],
): void {
  if (streams.length === 0 || given.some(({ path }) => cleanPath(path) === "/dev/null")) return;
  const { list } = root;
  list.step(
    "the container's null device",
    `descriptors ${streams.join(", ")} are the host's, which is elsewhere`,
  );
  // A file system, or a kernel, that lets nobody open devices: the host's will do.
  const device = openInRoot(root, "/dev/null", O_RDWR | O_NOCTTY, STRICT).accept("EACCES", "EPERM", "ENXIO");
  list.when(device, "succeeded", () => {
    checkCharacterDevice(list, device, 1, 3, "/dev/null");
    for (const fd of streams) list.call("dup3", device, fd, 0);
  });
}
