import { type List, Memory, type Relay, type Result } from "../../plan/index.ts";

const O_CLOEXEC = 0o2000000;

/** A pipe at which the new process waits; if the keeper dies, reading ends and the process with it. */
export interface Gate {
  readonly read: Result;
  readonly write: Result;
}

export function openGate(keeper: List, until = "its ids are mapped"): Gate {
  keeper.step("gate", `the new process waits until ${until}`);
  return openPipe(keeper);
}

export function openPipe(keeper: List): Gate {
  const ends = new Memory(8);
  keeper.call("pipe2", ends, O_CLOEXEC);
  return { read: keeper.load(ends, 0), write: keeper.load(ends, 4) };
}

/** Pipes for the program's output. */
export interface OutputPipes {
  readonly stdout: Gate;
  readonly stderr: Gate;
}

export function openPipes(keeper: List): OutputPipes {
  keeper.step(
    "pipes for the output",
    "the program may open /dev/stdout again, which a socket would not allow",
  );
  return { stdout: openPipe(keeper), stderr: openPipe(keeper) };
}

/** In the container: its output goes there. */
export function usePipes(list: List, { stdout, stderr }: OutputPipes): void {
  list.step("output through pipes", "descriptors 1 and 2 of the program", () => "#   not needed here");
  list.call("dup3", stdout.write, 1, 0);
  list.call("dup3", stderr.write, 2, 0);
}

/** What the keeper moves between the program and its own streams. */
export function relaysOf(keeper: List, console: Result | undefined, pipes: OutputPipes | undefined): Relay[] {
  if (console === undefined && pipes === undefined) return [];
  const numbers = new Memory(new Uint8Array(Int32Array.of(0, 1, 2).buffer));
  const standard = (fd: number): Result => keeper.load(numbers, 4 * fd);
  if (console !== undefined) {
    return [
      { from: standard(0), to: console, drains: false },
      { from: console, to: standard(1), drains: true },
    ];
  }
  const { stdout, stderr } = pipes as OutputPipes;
  return [
    { from: stdout.read, to: standard(1), drains: true },
    { from: stderr.read, to: standard(2), drains: true },
  ];
}
