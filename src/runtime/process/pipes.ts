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

/** In the container: whoever is attached to it can write to it. */
export function useInput(list: List, stdin: Gate): void {
  list.step("input through a pipe", "descriptor 0 of the program", () => "#   not needed here");
  list.call("dup3", stdin.read, 0, 0);
}

/** What the keeper moves, besides what a terminal and the output's pipes ask for. */
export interface RelayOptions {
  /** The write end of a pipe for input; a terminal needs none. */
  readonly stdin?: Result | undefined;
  /** Output goes into the log. */
  readonly logged?: boolean;
  /** There is no caller whose descriptors 0, 1 and 2 it is to be moved to and from. */
  readonly detached?: boolean | undefined;
}

/** What the keeper moves between the program and its own streams. */
export function relaysOf(
  keeper: List,
  console: Result | undefined,
  pipes: OutputPipes | undefined,
  { stdin, logged, detached }: RelayOptions = {},
): Relay[] {
  const numbers = new Memory(new Uint8Array(Int32Array.of(0, 1, 2).buffer));
  const standard = (fd: number): Result => keeper.load(numbers, 4 * fd);
  const relays: Relay[] = [];
  const output = (from: Result, stream: 1 | 2): void => {
    relays.push({
      from,
      ...(detached ? {} : { to: standard(stream) }),
      ...(logged ? { stream } : {}),
      drains: true,
    });
  };
  const input = console ?? stdin;
  if (input !== undefined && !detached) relays.push({ from: standard(0), to: input, drains: false });
  if (console !== undefined) output(console, 1);
  else if (pipes !== undefined) {
    output(pipes.stdout.read, 1);
    output(pipes.stderr.read, 2);
  }
  return relays;
}
