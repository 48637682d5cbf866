import { signalNumber } from "../../platform/signal.ts";
import { invalidValue } from "./invalid.ts";

/** A signal's number from `TERM`, `SIGTERM`, `15` or `RTMIN+3`, in any case. */
export function parseSignal(flag: string, value: string): number {
  const number = signalNumber(value);
  if (number === undefined) throw invalidValue(flag, value, "a signal such as TERM, SIGINT or 9");
  return number;
}
