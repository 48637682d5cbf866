import { type List, Memory, type Result } from "../plan/index.ts";

const O_CLOEXEC = 0o2000000;

/** A pipe at which a new process waits; if the keeper dies, reading ends and the process with it. */
export interface Gate {
  readonly read: Result;
  readonly write: Result;
}

/** Makes a gate, before the process is cloned. */
export function openGate(keeper: List): Gate {
  keeper.step("gate", "the new process waits until what it needs from outside is done", () => "# a pipe");
  const ends = new Memory(8);
  keeper.call("pipe2", ends, O_CLOEXEC);
  return { read: keeper.load(ends, 0), write: keeper.load(ends, 4) };
}

/** The new process waits. */
export function waitAtGate(list: List, { read, write }: Gate): void {
  list.step("wait at the gate", "ids that are not mapped yet are nobody's", () => "# read from the pipe");
  list.call("close", write);
  list.call("read", read, new Uint8Array(8), 1).expect(1).about("the keeper's sign");
}

/** The keeper lets it go on; belongs to the present step. */
export function letPass(keeper: List, { write }: Gate): void {
  keeper.call("write", write, "+", 1).expect(1);
}
