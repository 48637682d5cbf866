import type { Home } from "../engine/home.ts";
import { openFolders } from "../engine/folders.ts";
import { List, Memory } from "../plan/index.ts";
import { performList } from "../runtime/oci/small-plan.ts";

const TCGETS = 0x5401;
const TCSETS = 0x5402;
/** `struct termios` of the kernel: flags of input, output, control and local modes, a byte, 19 control characters. */
const TERMIOS_BYTES = 36;
const [INPUT, OUTPUT, CONTROL, LOCAL] = [0, 1, 2, 3];
/** termios(3): IGNBRK BRKINT PARMRK ISTRIP INLCR IGNCR ICRNL IXON; OPOST; CSIZE PARENB; ECHO ECHONL ICANON ISIG IEXTEN. */
const INPUT_FLAGS = 0o2753;
const OUTPUT_FLAGS = 0o1;
const CONTROL_FLAGS = 0o460;
const LOCAL_FLAGS = 0o100113;
const CS8 = 0o60;
const AT_CC = 17;
const [VTIME, VMIN] = [5, 6];

/**
 * Makes the terminal on descriptor 0 raw, as cfmakeraw(3): the container's terminal interprets what is typed and what
 * is printed. JavaScript's own raw mode goes on changing output.
 *
 * @returns puts it back to what it was
 */
export async function makeTerminalRaw(home: Home): Promise<() => Promise<void>> {
  const before = new Memory(TERMIOS_BYTES);
  const get = new List("terminal");
  get.step("the terminal's settings", "they are put back in the end");
  get.call("ioctl", 3, TCGETS, before);
  const found = await perform(home, get, new Map([["settings", before]]));
  const settings = Uint8Array.from(found.get("settings") ?? new Uint8Array(TERMIOS_BYTES));
  await set(home, rawSettings(settings));
  return () => set(home, settings);
}

/** What {@link makeTerminalRaw} makes of settings. */
function rawSettings(settings: Uint8Array): Uint8Array {
  const raw = Uint8Array.from(settings);
  const flags = new Uint32Array(raw.buffer, 0, 4);
  const clear = (which: number, bits: number): void => {
    flags[which] = ((flags[which] as number) & ~bits) >>> 0;
  };
  clear(INPUT, INPUT_FLAGS);
  clear(OUTPUT, OUTPUT_FLAGS);
  clear(CONTROL, CONTROL_FLAGS);
  clear(LOCAL, LOCAL_FLAGS);
  flags[CONTROL] = ((flags[CONTROL] as number) | CS8) >>> 0;
  raw[AT_CC + VMIN] = 1;
  raw[AT_CC + VTIME] = 0;
  return raw;
}

async function set(home: Home, settings: Uint8Array): Promise<void> {
  const list = new List("terminal");
  list.step("the terminal's settings", "for as long as the container has it");
  list.call("ioctl", 3, TCSETS, new Memory(settings));
  await perform(home, list);
}

function perform(
  { folders, keeper }: Home,
  list: List,
  exports?: Map<string, Memory>,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { root, run } = openFolders(folders);
  const runtime = { keeper, keeperFolder: root, root: run, warn() {} };
  return performList(runtime, list, { descriptors: [0], ...(exports && { exports }) });
}
