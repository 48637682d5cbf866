import {
  BPF_ATTACH_PROGRAM,
  BPF_ATTACH_REPLACES,
  bpfAttachDevice,
  bpfLoadDevice,
  type Call,
  type List,
  Memory,
  type Result,
} from "../plan/index.ts";

/** bpf(2) */
const BPF_PROG_LOAD = 5;
const BPF_PROG_ATTACH = 8;
const BPF_PROG_DETACH = 9;
const BPF_PROG_GET_FD_BY_ID = 13;
/** Programs of the groups above decide as well, and those a container attaches below cannot undo this one. */
const BPF_F_ALLOW_MULTI = 2;
const BPF_F_REPLACE = 4;

const why =
  "a device node made or found in the container opens only if it is on this list: no disk, no memory";

/**
 * The step that has the kernel ask a program ({@link compileDeviceFilter}) about the devices of a v2 group. It stays
 * with the group until that is removed.
 *
 * @param folder descriptor of the group's folder
 */
export function deviceProgramSteps(keeper: List, folder: Result, program: Uint8Array): void {
  keeper.step(
    "allowed devices",
    `${why}; v2 has no file for it, but asks a program of ${program.length / 8} instructions`,
  );
  attach(keeper, folder, load(keeper, program), BPF_F_ALLOW_MULTI);
}

/**
 * Steps that put a program in the place of those a group has. With exactly one it is replaced at once, otherwise the
 * others are detached afterwards: at no time is more allowed than by the old or by the new rules.
 *
 * @param folder number of the descriptor of the group's folder, as the keeper has it
 * @param program undefined: everything is allowed
 * @param old ids of the programs attached now (BPF_PROG_QUERY)
 */
export function replaceDeviceProgramSteps(
  list: List,
  folder: number,
  program: Uint8Array | undefined,
  old: readonly number[],
): void {
  list.step("allowed devices", "the group's program is replaced: the kernel asks the new one from now on");
  const fds = old.map((id) => openProgram(list, id));
  if (program !== undefined) {
    const fd = load(list, program);
    const [only] = fds;
    if (only !== undefined && fds.length === 1) {
      attach(list, folder, fd, BPF_F_ALLOW_MULTI | BPF_F_REPLACE, only);
      return;
    }
    attach(list, folder, fd, BPF_F_ALLOW_MULTI);
  }
  for (const fd of fds) {
    const attr = bpfAttachDevice();
    putFolder(list, attr, folder);
    list.store(fd, attr, BPF_ATTACH_PROGRAM);
    list.call("bpf", BPF_PROG_DETACH, attr, attr.bytes.length).about("an old device program");
  }
}

function load(list: List, program: Uint8Array): Call {
  const attr = bpfLoadDevice(program, "husk_devices");
  return list.call("bpf", BPF_PROG_LOAD, attr, attr.bytes.length).about("a device program (BPF_PROG_LOAD)");
}

function openProgram(list: List, id: number): Call {
  const attr = new Memory(12);
  new Int32Array(attr.bytes.buffer)[0] = id;
  return list.call("bpf", BPF_PROG_GET_FD_BY_ID, attr, attr.bytes.length).about(`device program ${id}`);
}

function putFolder(list: List, attr: Memory, folder: Result | number): void {
  if (typeof folder === "number") new Int32Array(attr.bytes.buffer)[0] = folder;
  else list.store(folder, attr, 0);
}

function attach(
  list: List,
  folder: Result | number,
  program: Result,
  flags: number,
  replaces?: Result,
): void {
  const attr = bpfAttachDevice(flags);
  putFolder(list, attr, folder);
  list.store(program, attr, BPF_ATTACH_PROGRAM);
  if (replaces !== undefined) list.store(replaces, attr, BPF_ATTACH_REPLACES);
  list.call("bpf", BPF_PROG_ATTACH, attr, attr.bytes.length).about("a device program (BPF_PROG_ATTACH)");
}
