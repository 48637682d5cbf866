import type { IdMapWriter } from "./id-map.ts";
import type { LinuxIdMapping } from "./types.ts";

/**
 * A new user namespace with its maps in shell commands. A process that only waits holds it, and the container's is
 * put into it by nsenter(1): unshare(1) itself can write few maps, and not the same in every version.
 */
export function idMapShell(
  uids: readonly LinuxIdMapping[],
  gids: readonly LinuxIdMapping[],
  writer: IdMapWriter,
  denySetgroups: boolean,
): string {
  const lines = [
    "unshare --user sleep 60 < /dev/null > /dev/null 2>&1 &",
    "HOLDER=$! # a process that waits, and holds the new user namespace meanwhile",
    "host=$(readlink /proc/self/ns/user)",
    'while [ "$(readlink /proc/"$HOLDER"/ns/user)" = "$host" ]; do sleep 0.01; done',
  ];
  if (denySetgroups) lines.push('echo deny > /proc/"$HOLDER"/setgroups');
  for (const [kind, maps] of [
    ["uid", uids],
    ["gid", gids],
  ] as const) {
    if (maps.length === 0) continue;
    const triples = maps.map((map) => `${map.containerID} ${map.hostID} ${map.size}`);
    lines.push(
      writer.kind === "helpers"
        ? `new${kind}map "$HOLDER" ${triples.join(" ")}`
        : `printf '${triples.join("\\n")}\\n' > /proc/"$HOLDER"/${kind}_map`,
    );
  }
  return lines.join("\n");
}
