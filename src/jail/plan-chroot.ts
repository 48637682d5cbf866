import { namespaceFlags, namespaceReasons, type NamespaceType } from "../namespace/types.ts";
import { Clone, cloneArgs, List, type Result } from "../plan/index.ts";
import type { Mount } from "../rootfs/index.ts";
import { dieWithKeeper, openSelf } from "../runtime/process/lifetime.ts";
import type { ChrootMaps } from "./chroot-maps.ts";
import { chrootScript } from "./chroot-script.ts";
import type { HandPlan } from "./hand-plan.ts";
import { keeperDiesWithCaller } from "./lifetime.ts";
import type { Caller } from "./plan-unshare.ts";
import { becomeProgram, keepProgram, type Program, programOrShell } from "./program.ts";

const O_PATH_DIRECTORY_CLOEXEC = 0o12200000;
const SIGKILL = 9;

/** What `chroot` is asked for. */
export interface ChrootOptions {
  /** Absolute path of the folder that becomes the root. */
  readonly folder: string;
  /** Program and arguments; empty: `$SHELL -i`. */
  readonly command: readonly string[];
  /** Bind mounts of the host's folders and files. */
  readonly mounts: readonly Mount[];
  readonly readOnly: boolean;
  /** Absolute path in the jail where the old root stays to be seen; undefined: nowhere. */
  readonly oldRoot: string | undefined;
  /** Id maps of a new user namespace; undefined: none is made. */
  readonly maps: ChrootMaps | undefined;
  /** Ids of the program; undefined: the caller's, or root of the user namespace. */
  readonly user:
    | { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }
    | undefined;
  readonly ownNetwork: boolean;
  readonly ownIpc: boolean;
}

/**
 * `chroot`: a program whose paths begin at a folder, and nothing else of a container (chroot(1)).
 *
 * Processes, network and hostname stay the host's: that is the weakness to be seen. Only what is mounted needs a
 * mount namespace, and then pivot_root(2) takes chroot(2)'s place, as in nsroot; an ordinary user gets the right to
 * do all this from a user namespace.
 */
export async function planChroot(options: ChrootOptions, caller: Caller): Promise<HandPlan> {
  const { folder, maps, mounts, readOnly, oldRoot, user } = options;
  const hasMounts = mounts.length > 0 || readOnly || oldRoot !== undefined;
  const keeper = new List("keeper");
  const program = new List("program");
  const self = openSelf(keeper);
  keeperDiesWithCaller(keeper, caller.pid);

  const types: NamespaceType[] = [];
  if (maps !== undefined) types.push("user");
  if (hasMounts) types.push("mount");
  if (options.ownNetwork) types.push("network");
  if (options.ownIpc) types.push("ipc");
  const opened = hasMounts ? undefined : openFolder(keeper, folder);
  // The program's part is written first: what the keeper opens for it has to be open before it is born.
  const inside =
    maps === undefined
      ? undefined
      : (await import("./chroot-maps.ts")).enterUserNamespace(keeper, program, maps, caller);
  if (opened !== undefined) changeRoot(program, opened, folder);
  else (await import("./chroot-mounts.ts")).enterWithMounts(program, keeper, options, caller);
  if (user !== undefined) becomeUser(program, user, inside?.deniesSetgroups !== true);
  dieWithKeeper(program, self, SIGKILL);
  const chosen = programOf(options.command);
  becomeProgram(program, chosen);

  const pid = newProcess(keeper, types, program);
  inside?.write(pid);
  keepProgram(keeper, pid);
  return {
    plan: { keeper, cleanup: new List("afterwards"), exports: new Map() },
    rootfs: folder,
    shell: () => chrootScript(options, types, chosen.argv, caller),
    async explainFailure(report, encoded) {
      if (encoded.operations[report.ordinal]?.kind !== "exec") return undefined;
      return (await import("./chroot-error.ts")).jailProgramError(folder, chosen, report);
    },
  };
}

/** As chroot(1): without a command the caller's shell, interactive. */
function programOf(command: readonly string[]): Program {
  return programOrShell(command.length > 0 ? command : [process.env["SHELL"] || "/bin/sh", "-i"]);
}

/** Opened with the caller's rights: under a user namespace, others may not go there. */
function openFolder(keeper: List, folder: string): Result {
  keeper.step("open the folder", "whoever the program becomes, it is this one", () => "# by its path");
  return keeper.call("openat", -100, folder, O_PATH_DIRECTORY_CLOEXEC, 0).about(folder);
}

function newProcess(keeper: List, types: readonly NamespaceType[], program: List): Result {
  let flags = 0;
  for (const type of types) flags |= namespaceFlags[type];
  keeper.step(
    types.length === 0 ? "new process" : `new process in new namespaces: ${types.join(", ")}`,
    types.length === 0
      ? "it becomes the program; all its namespaces are the host's"
      : types.map((type) => `${type}: ${namespaceReasons[type]}`).join("; "),
    () => "# unshare",
  );
  return keeper.add(new Clone(cloneArgs(flags), program));
}

/** The jail itself: one call. */
function changeRoot(list: List, opened: Result, folder: string): void {
  list.step(
    `chroot ${folder}`,
    "paths begin at this folder; processes, network and mounts stay the host's",
    () => "# chroot",
  );
  list.call("fchdir", opened).about(folder);
  list.call("chroot", ".").about(folder);
}

function becomeUser(
  list: List,
  { uid, gid, groups }: NonNullable<ChrootOptions["user"]>,
  changesGroups: boolean,
): void {
  list.step(
    `user ${uid}:${gid}${groups.length > 0 ? `, groups ${groups.join(" ")}` : ""}`,
    "files and processes are checked against these ids",
    () => `# setpriv --reuid ${uid} --regid ${gid}`,
  );
  if (changesGroups) {
    const ids = groups.length === 0 ? null : new Uint8Array(Uint32Array.from(groups).buffer);
    list.call("setgroups", groups.length, ids).about(`groups ${groups.join(" ")}`);
  }
  list.call("setresgid", gid, gid, gid).about(`gid ${gid}`);
  list.call("setresuid", uid, uid, uid).about(`uid ${uid}`);
}
