/** Names of what the keeper reports of the groups (cleanup.ts). */
export const OOM_EXPORT = "cgroup.oom";
export const LEFT_EXPORT = "cgroup.left";

/** How many processes of the container the kernel killed for lack of memory, from the keeper's report. */
export function outOfMemoryKills(exports: ReadonlyMap<string, Uint8Array>): number {
  const bytes = exports.get(OOM_EXPORT);
  if (bytes === undefined) return 0;
  let text = "\n";
  for (let i = 0; i < bytes.length && bytes[i] !== 0; i++) text += String.fromCharCode(bytes[i] as number);
  const at = text.indexOf("\noom_kill ");
  return at < 0 ? 0 : Number.parseInt(text.slice(at + 10), 10);
}

/** True if the container's processes did not end in time, so that its groups are left (remove-groups.ts). */
export function groupsLeft(exports: ReadonlyMap<string, Uint8Array>): boolean {
  const result = exports.get(LEFT_EXPORT);
  return result !== undefined && result[0] !== 0;
}
