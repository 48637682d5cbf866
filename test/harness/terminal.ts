// A terminal with a person at it: the program gets a pty as its controlling terminal.
import { environment } from "./command.ts";
import { exitStatus } from "./exit-status.ts";
import { waitFor } from "./wait-for.ts";

/** c_lflag bits, termios(3) */
const [ISIG, ICANON, ECHO] = [0o1, 0o2, 0o10];

export interface TerminalSession {
  readonly pid: number;
  /** Everything the terminal has shown so far. */
  output(): string;
  /** Keys pressed: `"\x03"` is Ctrl-C, `"\r"` Enter. */
  type(keys: string): void;
  resize(columns: number, rows: number): void;
  /** Waits until the output holds the text. */
  shows(text: string, timeout?: number): Promise<void>;
  /** True while the terminal is in raw mode: no echo, no lines, no signals made of keys. */
  isRaw(): boolean;
  /** The flags of termios(3): input, output, control, local. */
  modes(): number[];
  /** The window is closed, or the connection lost. */
  hangUp(): void;
  /** Exit status of the program; throws after `timeout` milliseconds (60,000 unless given). */
  exit(timeout?: number): Promise<number>;
  /** Kills the program and closes the terminal. */
  close(): void;
}

/** Starts a program at a terminal of 80 × 24 unless said otherwise. */
export function openTerminal(
  command: readonly string[],
  options: { columns?: number; rows?: number; env?: Record<string, string | undefined>; cwd?: string } = {},
): TerminalSession {
  const decoder = new TextDecoder();
  let shown = "";
  const child = Bun.spawn([...command], {
    env: environment(options.env),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    terminal: {
      cols: options.columns ?? 80,
      rows: options.rows ?? 24,
      data: (_terminal, data) => {
        shown += decoder.decode(data, { stream: true });
      },
    },
  });
  const terminal = child.terminal!;
  return {
    pid: child.pid,
    output: () => shown,
    type: (keys) => void terminal.write(keys),
    resize: (columns, rows) => terminal.resize(columns, rows),
    shows: async (text, timeout) => {
      await waitFor(`${JSON.stringify(text)} on the terminal`, () => shown.includes(text), timeout).catch(
        (error: Error) => {
          throw new Error(`${error.message}; it shows ${JSON.stringify(shown)}`);
        },
      );
    },
    modes: () => [terminal.inputFlags, terminal.outputFlags, terminal.controlFlags, terminal.localFlags],
    hangUp: () => terminal.close(),
    isRaw: () => (terminal.localFlags & (ISIG | ICANON | ECHO)) === 0,
    exit: async (timeout = 60_000) => {
      const ended = await Promise.race([child.exited.then(() => true), Bun.sleep(timeout)]);
      if (ended !== true)
        throw new Error(`${command.join(" ")}: still running after ${timeout} ms: ${shown}`);
      return exitStatus(child);
    },
    close: () => {
      child.kill("SIGKILL");
      terminal.close();
    },
  };
}
