import type { PreparedContainer } from "../engine/index.ts";
import { planAsShell, quote } from "../plan/index.ts";

type IdMaps = NonNullable<PreparedContainer["spec"]["linux"]["uidMappings"]>;

/**
 * The container as a shell script.
 *
 * @param words the arguments of `husk explain`, for the head of the script
 */
export function shellScript(prepared: PreparedContainer, words: readonly string[]): string {
  const { id, request, spec } = prepared;
  const { root } = request;
  const typed = words.filter((word) => word !== "--as-shell").map(quoteIfNeeded);
  return planAsShell(prepared.planned.plan, {
    id,
    rootfs: root.kind === "directory" ? root.path : "",
    command: `husk run ${typed.join(" ")}`,
    mapOptions: [
      ...mapOptions("user", spec.linux.uidMappings ?? [], process.geteuid?.() ?? 0),
      ...mapOptions("group", spec.linux.gidMappings ?? [], process.getegid?.() ?? 0),
    ],
  });
}

/**
 * unshare(1)'s options for one map: the caller's own id, and ranges. The form with commas (outer, inner,
 * count) is the one that versions before and after 2.39 take.
 */
function mapOptions(kind: "user" | "group", maps: IdMaps, own: number): string[] {
  return maps.map(({ containerID, hostID, size }) =>
    size === 1 && hostID === own
      ? `--map-${kind}=${containerID}`
      : `--map-${kind}s=${hostID},${containerID},${size}`,
  );
}

function quoteIfNeeded(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : quote(word);
}
