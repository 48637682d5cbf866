import { constants } from "node:os";

/** The exit status as a shell gives it: 128 + n when signal n ended the process. */
export function exitStatus(process: { exitCode: number | null; signalCode: string | number | null }): number {
  const { exitCode, signalCode } = process;
  if (exitCode !== null) return exitCode;
  if (typeof signalCode === "number") return 128 + signalCode;
  const signals: Record<string, number> = constants.signals;
  return 128 + (signals[signalCode ?? ""] ?? 0);
}
