import { type List, Memory } from "../plan/index.ts";
import { type AttachedRoot, openInRoot } from "../rootfs/index.ts";

const O_PATH_DIRECTORY = 0o10200000;
const PREFIX = "/proc/self/fd/";

/**
 * Changes the root, and leaves the old one mounted on a folder of the new one (pivot_root(2)). The folder has to
 * exist; it is named by a descriptor, so that links in the jail lead nowhere else.
 */
export function pivotAndKeep(list: List, root: AttachedRoot, folder: string): void {
  list.step(
    `change root, the old one on ${folder}`,
    "asked for: the host's whole tree can be reached there",
    () => `# pivot_root . .${folder}`,
  );
  const place = openInRoot(root.view, folder, O_PATH_DIRECTORY).about(
    `${folder}, where the old root is to be`,
  );
  const path = new Memory(32);
  path.bytes.set(new TextEncoder().encode(PREFIX));
  list.store(place, path, PREFIX.length, "decimal");
  list.call("fchdir", root.view.descriptor);
  list.call("pivot_root", ".", path).about(folder);
  list.call("chdir", "/");
}
