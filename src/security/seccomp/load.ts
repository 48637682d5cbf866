import { type Call, type List, Memory, sockFprog } from "../../plan/index.ts";
import type { CompiledSeccomp } from "./compile.ts";
import { NEW_LISTENER, WAIT_KILLABLE_RECV } from "./flags.ts";

const SECCOMP_SET_MODE_FILTER = 1;

/** What a filter is loaded from: a {@link CompiledSeccomp}, or one that was kept. */
export type LoadableSeccomp = Pick<CompiledSeccomp, "program" | "flags">;

/** Whether a filter asks a listener ({@link loadSeccomp} then gives its descriptor). */
export function notifies({ flags }: LoadableSeccomp): boolean {
  return (flags & NEW_LISTENER) !== 0;
}

/**
 * Appends the loading of a filter (seccomp(2)). It needs no_new_privs or CAP_SYS_ADMIN, and everything after
 * it is filtered too: with no_new_privs it is the last thing before exec, otherwise it stands before the
 * capabilities are given up.
 *
 * @returns memory whose first four bytes are then the listener's descriptor; undefined unless the filter has one
 */
export function loadSeccomp(list: List, compiled: LoadableSeccomp): Memory | undefined {
  const { program, flags } = compiled;
  list.step(
    "system call filter",
    "calls the container has no use for fail before they reach kernel code",
    () =>
      "#   a shell cannot load a seccomp filter: here the program may make every call its capabilities allow",
  );
  const filter = sockFprog(program);
  const load = (bits: number): Call =>
    list
      .call("seccomp", SECCOMP_SET_MODE_FILTER, bits, filter)
      .about(`${program.length / 8} instructions of BPF`);
  if (!notifies(compiled)) {
    load(flags);
    return undefined;
  }
  const listener = new Memory(4);
  const first = load(flags).accept("EINVAL");
  list.when(first, "succeeded", () => list.store(first, listener, 0));
  // Before Linux 5.19 there is no WAIT_KILLABLE_RECV: a program may be interrupted while it waits for the answer.
  list.when(first, "failed", () => list.store(load(flags & ~WAIT_KILLABLE_RECV), listener, 0));
  return listener;
}
