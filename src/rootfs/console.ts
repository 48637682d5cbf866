import { type Call, Memory, type Result } from "../plan/index.ts";
import { AT_EMPTY_PATH, O_CLOEXEC, O_NOCTTY, O_RDWR, OPEN_TREE_CLONE } from "./flags.ts";
import {
  attach,
  checkCharacterDevice,
  directoryInRoot,
  emptyFile,
  openInRoot,
  type RootView,
  STRICT,
} from "./in-root.ts";

const TIOCSPTLCK = 0x40045431;
const TIOCGPTPEER = 0x5441;
/** Major number of pty slaves (Documentation/admin-guide/devices.txt). */
const UNIX98_SLAVE = 136;

/** Both ends of a pseudo-terminal. */
export interface Pty {
  readonly master: Call;
  readonly slave: Call;
}

/**
 * Opens a new terminal in the container's own devpts. The slave is had from the master itself, never by its path,
 * which the container could have swapped (CVE-2025-52565, ioctl_tty(2) TIOCGPTPEER).
 */
export function openPty(root: RootView): Pty {
  const { list } = root;
  list.step(
    "a terminal",
    "a new pty, so that the program has a terminal that belongs to its container",
    () => "#   the program gets the terminal this script is started at; script(1) makes a new one",
  );
  const master = openInRoot(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC, STRICT);
  checkCharacterDevice(list, master, 5, 2, "/dev/pts/ptmx");
  list.call("ioctl", master, TIOCSPTLCK, new Memory(4)).about("unlocking the terminal");
  const slave = list
    .call("ioctl", master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)
    .about("the terminal's slave");
  checkCharacterDevice(list, slave, UNIX98_SLAVE, undefined, "the terminal's slave");
  return { master, slave };
}

/** Shows the container's terminal as /dev/console, by descriptor. */
export function bindConsole(root: RootView, slave: Result): void {
  const { list } = root;
  list.step("/dev/console", "programs that write to the console reach the container's terminal", () =>
    [
      "if tty -s; then",
      '  : > "$ROOTFS"/dev/console',
      '  mount --bind "$(tty)" "$ROOTFS"/dev/console',
      "fi",
    ].join("\n"),
  );
  const dev = directoryInRoot(root, "/dev", STRICT);
  const place = emptyFile(root, dev, "console", "/dev/console");
  const tree = list
    .call("open_tree", slave, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | O_CLOEXEC)
    .about("/dev/console");
  attach(list, tree, place, "/dev/console");
}
