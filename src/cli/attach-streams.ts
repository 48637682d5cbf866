import type { Attachment } from "../engine/attach/attach.ts";
import { NOTE, STDERR } from "../engine/log/index.ts";
import { ByteOutput } from "./byte-output.ts";
import { forwardSignals } from "./forward-signals.ts";
import { makeTerminalRaw } from "./raw-terminal.ts";
import type { Home } from "../engine/home.ts";
import { printError } from "./stderr.ts";
import { isTerminal } from "./terminal.ts";
import { scanForKeys } from "./values/detach-keys.ts";

const SIGWINCH = 28;

export interface StreamWishes {
  /** Pass on standard input. */
  readonly input: boolean;
  readonly detachKeys: Uint8Array;
  /** Pass on signals; never those of a terminal's keys, which the container's own terminal makes. */
  readonly sigProxy: boolean;
}

/**
 * Lets the person at this process's input and output be at a container's, until it ends or the detach keys are typed.
 *
 * @returns its exit status; 0 when it was left alone
 */
export async function beAttached(home: Home, attachment: Attachment, wishes: StreamWishes): Promise<number> {
  const { tty } = attachment;
  const isRaw = tty && wishes.input && isTerminal(0);
  let detached = false;
  const detach = (): void => {
    detached = true;
    attachment.close();
  };
  if (tty && isTerminal(1)) followSize(attachment);
  if (wishes.sigProxy)
    forwardSignals((signal) => {
      if (signal !== SIGWINCH) attachment.kill(signal).catch(() => {});
    }, undefined);
  const restore = isRaw ? await makeTerminalRaw(home) : undefined;
  if (wishes.input) passInput(attachment, tty ? wishes.detachKeys : undefined, detach);
  const output = new ByteOutput();
  try {
    await attachment.copyOutput(
      (stream, buffer, start, end) => {
        if (stream !== NOTE) output.write(stream === STDERR ? 2 : 1, buffer, start, end);
      },
      () => output.flush(),
    );
    const status = await attachment.ended;
    if (detached) printError("read escape sequence");
    return status ?? 0;
  } finally {
    attachment.close();
    await restore?.();
  }
}

/** The container's terminal has the size of this one; a change makes programs draw anew, as docker has it. */
function followSize(attachment: Attachment): void {
  const { stdout } = process;
  const resize = (extra: number): Promise<void> =>
    attachment.resize(stdout.rows + extra, stdout.columns + extra).catch(() => {});
  void resize(1).then(() => resize(0));
  stdout.on("resize", () => void resize(0));
}

function passInput(attachment: Attachment, keys: Uint8Array | undefined, detach: () => void): void {
  const { stdin } = process;
  const scan = keys === undefined ? undefined : scanForKeys(keys);
  stdin.on("data", (bytes: Buffer) => {
    const { passed, detached } = scan?.feed(bytes) ?? { passed: bytes, detached: false };
    // Nothing more is read until the container has taken this.
    stdin.pause();
    attachment.write(passed).then(
      () => (detached ? detach() : stdin.resume()),
      () => {}, // It has ended: its output tells.
    );
  });
  stdin.on("end", () => void attachment.endInput().catch(() => {}));
}
