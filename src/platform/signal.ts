/** Names of signals 1 to 31 on Linux (signal(7)); x86-64 and arm64 agree. */
export const SIGNALS =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU " +
  "URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS";

const ALIASES: Readonly<Record<string, number>> = { IOT: 6, CLD: 17, POLL: 29 };

/** As glibc counts them: the kernel's first two belong to the threads. */
const RTMIN = 34;
const RTMAX = 64;

/** A signal's number from `TERM`, `SIGTERM`, `15` or `RTMIN+3`, in any case; undefined for anything else. */
export function signalNumber(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,2}$/.test(value)) {
    const number = Number(value);
    return number >= 1 && number <= RTMAX ? number : undefined;
  }
  const name = value.toUpperCase().replace(/^SIG/, "");
  const place = SIGNALS.split(" ").indexOf(name);
  if (place !== -1) return place + 1;
  const realtime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (realtime === null) return Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
  const offset = Number(realtime[3] ?? 0) * (realtime[2] === "-" ? -1 : 1);
  const number = (realtime[1] === "MIN" ? RTMIN : RTMAX) + offset;
  return number >= RTMIN && number <= RTMAX ? number : undefined;
}
