import type { LinuxIdMapping } from "../namespace/index.ts";
import { HuskError } from "../platform/error.ts";
import type { Spec } from "./config.ts";

/** The maps of a new user namespace, in which the ids of the set-up and of the program have to exist. */
export function idMaps(spec: Spec): { uids: readonly LinuxIdMapping[]; gids: readonly LinuxIdMapping[] } {
  const uids = spec.linux.uidMappings ?? [];
  const gids = spec.linux.gidMappings ?? [];
  for (const [name, maps, id] of [
    ["uidMappings", uids, spec.process.user.uid],
    ["gidMappings", gids, spec.process.user.gid],
  ] as const) {
    for (const wanted of [0, id]) {
      if (maps.some((m) => wanted >= m.containerID && wanted < m.containerID + m.size)) continue;
      throw new HuskError("invalid", `linux.${name}: id ${wanted} of the container is not mapped`, {
        hint:
          wanted === 0
            ? "the container is set up as its root, so 0 needs a mapping"
            : "map it or choose another user",
      });
    }
  }
  return { uids, gids };
}
