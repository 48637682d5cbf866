import { createInterface } from "node:readline";
import { print } from "./byte-output.ts";

/** Asks docker's question before something is removed; only `y` or `yes` is a yes, the end of input is none. */
export async function confirmed(warning: string): Promise<boolean> {
  print(`WARNING! ${warning}\nAre you sure you want to continue? [y/N] `);
  const lines = createInterface({ input: process.stdin });
  try {
    for await (const line of lines) return /^\s*y(es)?\s*$/i.test(line);
    return false;
  } finally {
    lines.close();
    process.stdin.unref?.();
  }
}
