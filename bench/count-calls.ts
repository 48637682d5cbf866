import { readFileSync } from "node:fs";

/** How often each system call stands in what `strace -f -o` wrote. */
export function countCalls(log: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of readFileSync(log, "latin1").split("\n")) {
    const name = /^\d+ +([a-z_0-9]+)\(/.exec(line)?.[1];
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
