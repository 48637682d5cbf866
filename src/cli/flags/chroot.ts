import { statSync } from "node:fs";
import { planChroot } from "../../jail/plan-chroot.ts";
import { HuskError } from "../../platform/error.ts";
import { isPrivileged, readPrivileges } from "../../runtime/facts.ts";
import { HAND_FLAGS, type HandRequest } from "../by-hand.ts";
import type { Globals, Grammar } from "../grammar.ts";
import { parseArguments } from "../parse-arguments.ts";
import { parseChoice } from "../values/choice.ts";
import { hostPath, mountTarget } from "../values/path.ts";

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
  volumes: string[];
  readOnly: boolean;
  keepOldRoot: boolean;
  oldRoot: string | undefined;
  uids: string[];
  gids: string[];
  user: string | undefined;
  network: boolean;
  ipc: boolean;
}

const CHROOT: Grammar<Flags> = { name: "chroot", flags: CHROOT_FLAGS, flagsFirst: true, set: setFlag };

/** nsroot's folder for the old root. */
const OLD_ROOT = "/mnt";

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
  if (flags.oldRoot !== undefined && !flags.keepOldRoot) {
    throw new HuskError("invalid", "--old-root says where the old root stays, and it does not", {
      hint: "add --keep-old-root; husk needs no folder to let go of it",
    });
  }
  const hand = await planChroot(
    {
      folder: path,
      command,
      readOnly: flags.readOnly,
      oldRoot: flags.keepOldRoot ? (flags.oldRoot ?? OLD_ROOT) : undefined,
      ownNetwork: flags.network,
      ownIpc: flags.ipc,
      ...(isPlain(flags) && caller.privileged
        ? { mounts: [], maps: undefined, user: undefined }
        : (await import("./chroot-details.ts")).readDetails(flags, path, caller)),
    },
    caller,
  );
  return { hand, name: "chroot", explain: flags.explain };
}

function isPlain({ volumes, uids, gids, user }: Flags): boolean {
  return volumes.length + uids.length + gids.length === 0 && user === undefined;
}

function setFlag(flags: Flags, flag: string, value: string): void {
  const isOn = value === "true";
  switch (flag) {
    case "explain":
      flags.explain = isOn;
      return;
    case "gid-map":
      flags.gids.push(value);
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
      flags.uids.push(value);
      return;
    case "user":
      flags.user = value;
      return;
    case "volume":
      flags.volumes.push(value);
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
