import { existsSync, statSync } from "node:fs";
import type { BindSpec, IdMap, UserSpec } from "../../engine/run-options.ts";
import { bindMount } from "../../engine/spec/mounts.ts";
import { checkOwnMappings, isMapped } from "../../engine/subids.ts";
import { resolveUser } from "../../engine/user.ts";
import { type ChrootOptions, planChroot } from "../../jail/plan-chroot.ts";
import { HuskError } from "../../platform/error.ts";
import { isPrivileged, readPrivileges } from "../../runtime/facts.ts";
import { HAND_FLAGS, type HandRequest } from "../by-hand.ts";
import type { Globals, Grammar } from "../grammar.ts";
import { parseArguments } from "../parse-arguments.ts";
import { parseChoice } from "../values/choice.ts";
import { parseIdMaps } from "../values/id-map.ts";
import { hostPath, mountTarget } from "../values/path.ts";
import { parseUser } from "../values/user.ts";
import { parseVolume } from "../values/volume.ts";

/** Letters and names are nsroot's; those of husk run stand beside. */
export const CHROOT_FLAGS = `
${HAND_FLAGS}-G --gid-map list
-i --ipc
-k --keep-old-root
-n --net
--network string none|host
-o --old-root dir
-r --read-only
-M --uid-map list
-u --user string
-v --volume list dir
`;

interface Flags {
  explain: boolean;
  volumes: BindSpec[];
  readOnly: boolean;
  keepOldRoot: boolean;
  oldRoot: string | undefined;
  uids: IdMap[];
  gids: IdMap[];
  user: UserSpec | undefined;
  network: boolean;
  ipc: boolean;
}

const CHROOT: Grammar<Flags> = { name: "chroot", flags: CHROOT_FLAGS, flagsFirst: true, set: setFlag };

/** nsroot's folder for the old root. */
const OLD_ROOT = "/mnt";
/** More than any real one; the jail's files are not to be trusted. */
const ACCOUNTS_BYTES = 4 * 1024 * 1024;

/** Reads `[flags] DIR [COMMAND…]`; what follows DIR belongs to the command. */
export async function parseChroot(
  argv: readonly string[],
  from: number,
  globals: Globals,
): Promise<HandRequest | undefined> {
  const flags: Flags = {
    explain: false,
    volumes: [],
    readOnly: false,
    keepOldRoot: false,
    oldRoot: undefined,
    uids: [],
    gids: [],
    user: undefined,
    network: false,
    ipc: false,
  };
  const words = parseArguments(CHROOT, argv, from, flags, globals);
  const folder = words[0];
  if (globals.help) return undefined;
  if (folder === undefined) {
    throw new HuskError("invalid", "husk chroot: the folder is missing", {
      hint: "husk chroot [OPTIONS] DIR [COMMAND…]; husk jail make DIR bash ls fills one",
    });
  }
  const command = words.slice(words[1] === "--" ? 2 : 1);
  const privileges = readPrivileges();
  const caller = {
    pid: process.pid,
    uid: privileges.uid,
    gid: privileges.gid,
    privileged: isPrivileged(privileges),
  };
  const path = checkFolder(folder);
  const options: ChrootOptions = {
    folder: path,
    command,
    mounts: flags.volumes.length === 0 ? [] : flags.volumes.map(bindMount),
    readOnly: flags.readOnly,
    oldRoot: flags.keepOldRoot ? (flags.oldRoot ?? OLD_ROOT) : undefined,
    maps: chooseMaps(flags, caller),
    user: flags.user === undefined ? undefined : await findUser(path, flags.user),
    ownNetwork: flags.network,
    ownIpc: flags.ipc,
  };
  checkMapped(options);
  if (flags.oldRoot !== undefined && !flags.keepOldRoot) {
    throw new HuskError("invalid", "--old-root says where the old root stays, and it does not", {
      hint: "add --keep-old-root; husk needs no folder to let go of it",
    });
  }
  return { hand: await planChroot(options, caller), name: "chroot", explain: flags.explain };
}

function setFlag(flags: Flags, flag: string, value: string): void {
  const isOn = value === "true";
  switch (flag) {
    case "explain":
      flags.explain = isOn;
      return;
    case "gid-map":
      flags.gids.push(...parseIdMaps(flag, value));
      return;
    case "ipc":
      flags.ipc = isOn;
      return;
    case "keep-old-root":
      flags.keepOldRoot = isOn;
      return;
    case "net":
      flags.network = isOn;
      return;
    case "network":
      flags.network = parseChoice(flag, value, ["none", "host"]) === "none";
      return;
    case "old-root":
      flags.oldRoot = mountTarget(flag, value);
      return;
    case "read-only":
      flags.readOnly = isOn;
      return;
    case "uid-map":
      flags.uids.push(...parseIdMaps(flag, value));
      return;
    case "user":
      flags.user = parseUser(flag, value);
      return;
    case "volume":
      flags.volumes.push(parseVolume(flag, value));
  }
}

function checkFolder(given: string): string {
  const folder = hostPath("DIR", given);
  let isFolder: boolean;
  try {
    isFolder = statSync(folder).isDirectory();
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code !== "EACCES";
    throw new HuskError(
      isMissing ? "not-found" : "denied",
      `cannot chroot to ${given}: ${isMissing ? "no such folder" : "permission denied"}`,
      {
        hint: isMissing ? `husk jail make ${given} bash ls makes one` : "check the folders above it",
        cause,
      },
    );
  }
  if (!isFolder)
    throw new HuskError("invalid", `cannot chroot to ${given}: it is no folder`, {
      hint: "name the folder it lies in, or unpack it first",
    });
  return folder;
}

/** Maps as asked for; an ordinary user without any is root inside. A map that is left out maps the own id to 0. */
function chooseMaps(
  { uids, gids }: Flags,
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

function checkMapped({ maps, user }: ChrootOptions): void {
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

/** Names mean what the jail's own /etc/passwd and /etc/group say. */
async function findUser(root: string, spec: UserSpec): Promise<NonNullable<ChrootOptions["user"]>> {
  const { readInRoot } = await import("../../platform/in-root.ts");
  const read = (path: string): string =>
    new TextDecoder().decode(readInRoot({ root }, path, ACCOUNTS_BYTES) ?? new Uint8Array());
  const { user } = resolveUser(spec, undefined, { passwd: read("/etc/passwd"), group: read("/etc/group") });
  return { uid: user.uid, gid: user.gid, groups: user.additionalGids ?? [] };
}
