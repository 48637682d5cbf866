import { type Call, type List, Memory } from "../../plan/index.ts";
import type { CompiledSeccomp } from "./compile.ts";

const SECCOMP_SET_MODE_FILTER = 1;

/**
 * Appends the loading of a filter (seccomp(2)). It needs no_new_privs or CAP_SYS_ADMIN, and everything after
 * it is filtered too: with no_new_privs it is the last thing before exec, otherwise it stands before the
 * capabilities are given up.
 */
export function loadSeccomp(list: List, compiled: CompiledSeccomp): Call {
  const { program, flags } = compiled;
  list.step(
    "system call filter",
    "calls the container has no use for fail before they reach kernel code",
    () =>
      "#   a shell cannot load a seccomp filter: here the program may make every call its capabilities allow",
  );
  // struct sock_fprog: a count of instructions and, aligned to 8 bytes, their address.
  const header = new Memory(16);
  const count = program.length / 8;
  header.bytes[0] = count & 0xff;
  header.bytes[1] = count >> 8;
  header.pointer(8, new Memory(program));
  return list.call("seccomp", SECCOMP_SET_MODE_FILTER, flags, header).about(`${count} instructions of BPF`);
}
