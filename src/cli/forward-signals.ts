/** Signals a person or a program sends to the container by sending them to husk. */
const FORWARDED = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGUSR1",
  "SIGUSR2",
  "SIGALRM",
  "SIGCONT",
  "SIGWINCH",
] as const;

/** How often SIGINT or SIGTERM is passed on politely. */
const PATIENCE = 2;

/**
 * Hands signals that reach husk on to its keeper, which hands them to the container.
 *
 * A program that ignores them (as pid 1 it does without a handler) could not be ended from the
 * keyboard, so the third SIGINT or SIGTERM calls `force`, if there is one.
 *
 * @param send gets the signal's number
 */
export function forwardSignals(send: (signal: number) => void, force: (() => void) | undefined): void {
  holdSignals()(send, force);
}

/**
 * Keeps signals that come before there is anybody to hand them to: a program may be at work before this process has
 * learnt that it is.
 *
 * @returns hands on what has come and what will, as {@link forwardSignals}
 */
export function holdSignals(): typeof forwardSignals {
  const held: [name: string, signal: number][] = [];
  let handle = (name: string, signal: number): void => {
    held.push([name, signal]);
  };
  for (const name of FORWARDED) process.on(name, (_: string, signal: number) => handle(name, signal));
  return (send, force) => {
    let asked = 0;
    handle = (name, signal) => {
      if (force !== undefined && (name === "SIGINT" || name === "SIGTERM") && ++asked > PATIENCE) force();
      else send(signal);
    };
    for (const came of held) handle(...came);
  };
}
