import { existsSync } from "node:fs";
import { hierarchyOf, type Layout } from "./layout.ts";

/**
 * True if the kernel counts swap per group. v1 shows it at the top; in v2 only groups below the top
 * have the file, so this process's own group is asked, and kernels since 6.1 always count.
 */
export function hasSwapAccounting(layout: Layout): boolean {
  const memory = hierarchyOf(layout, "memory");
  if (memory === undefined) return false;
  if (memory.version === 1) return existsSync(`${memory.mount}/memory.memsw.limit_in_bytes`);
  const own = `${memory.mount}${memory.own ?? ""}`;
  return !existsSync(`${own}/memory.max`) || existsSync(`${own}/memory.swap.max`);
}
