import { existsSync } from "node:fs";
import type { IdMap, UserSpec } from "../../engine/run-options.ts";
import { bindMount } from "../../engine/spec/mounts.ts";
import { checkOwnMappings, isMapped } from "../../engine/subids.ts";
import { resolveUser } from "../../engine/user.ts";
import type { ChrootOptions } from "../../jail/plan-chroot.ts";
import { HuskError } from "../../platform/error.ts";
import { readInRoot } from "../../platform/in-root.ts";
import { parseIdMaps } from "../values/id-map.ts";
import { parseUser } from "../values/user.ts";
import { parseBindVolume } from "../values/volume.ts";

/** More than any real one; the jail's files are not to be trusted. */
const ACCOUNTS_BYTES = 4 * 1024 * 1024;

/** The values of --volume, --uid-map, --gid-map and --user as they were given. */
export interface ChrootTexts {
  readonly volumes: readonly string[];
  readonly uids: readonly string[];
  readonly gids: readonly string[];
  readonly user: string | undefined;
}

type Details = Pick<ChrootOptions, "mounts" | "maps" | "user">;

/**
 * Reads what the plainest `chroot`, root's without these flags, does not have.
 *
 * @param folder the jail: names of users mean what its own files say
 */
export function readDetails(
  texts: ChrootTexts,
  folder: string,
  caller: { uid: number; gid: number; privileged: boolean },
): Details {
  const uids = texts.uids.flatMap((text) => parseIdMaps("uid-map", text));
  const gids = texts.gids.flatMap((text) => parseIdMaps("gid-map", text));
  const details: Details = {
    mounts: texts.volumes.map((text) => bindMount(parseBindVolume("volume", text))),
    maps: chooseMaps(uids, gids, caller),
    user: texts.user === undefined ? undefined : findUser(folder, parseUser("user", texts.user)),
  };
  checkMapped(details);
  return details;
}

/** Maps as asked for; an ordinary user without any is root inside. A map that is left out maps the own id to 0. */
function chooseMaps(
  uids: IdMap[],
  gids: IdMap[],
  caller: { uid: number; gid: number; privileged: boolean },
): ChrootOptions["maps"] {
  const isAsked = uids.length + gids.length > 0;
  if (!isAsked && caller.privileged) return undefined;
  const self = (hostID: number): IdMap[] => [{ containerID: 0, hostID, size: 1 }];
  const maps = {
    uids: uids.length > 0 ? uids : self(caller.uid),
    gids: gids.length > 0 ? gids : self(caller.gid),
  };
  if (!isAsked || caller.privileged) return maps;
  checkOwnMappings({ uid: maps.uids, gid: maps.gids }, caller.uid, caller.gid);
  const own = ({ uids, gids }: typeof maps): boolean =>
    uids.length === 1 &&
    gids.length === 1 &&
    uids[0]?.hostID === caller.uid &&
    gids[0]?.hostID === caller.gid;
  if (!own(maps) && !existsSync("/usr/bin/newuidmap")) {
    throw new HuskError("unavailable", "a map of other ids than your own needs newuidmap and newgidmap", {
      hint: "apt-get install uidmap",
    });
  }
  return maps;
}

function checkMapped({ maps, user }: Details): void {
  if (maps === undefined || user === undefined) return;
  for (const [kind, map, id] of [
    ["uid", maps.uids, user.uid],
    ["gid", maps.gids, user.gid],
  ] as const) {
    if (isMapped(map, id)) continue;
    throw new HuskError("invalid", `--user: ${kind} ${id} is not mapped in the user namespace`, {
      hint: `map it with --${kind}-map, such as --${kind}-map 0:100000:65536, or leave --user out`,
    });
  }
}

function findUser(root: string, spec: UserSpec): NonNullable<ChrootOptions["user"]> {
  const read = (path: string): string =>
    new TextDecoder().decode(readInRoot({ root }, path, ACCOUNTS_BYTES) ?? new Uint8Array());
  const { user } = resolveUser(spec, undefined, { passwd: read("/etc/passwd"), group: read("/etc/group") });
  return { uid: user.uid, gid: user.gid, groups: user.additionalGids ?? [] };
}
