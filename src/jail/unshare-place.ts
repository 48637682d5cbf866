import { type Call, type List, quote } from "../plan/index.ts";
import { keepCapabilities } from "./keep-capabilities.ts";
import type { UnshareOptions } from "./unshare-options.ts";

const MS_NOSUID_NODEV_NOEXEC = 0xe;
const MS_REC = 0x4000;
const propagations = { private: 1 << 18, slave: 1 << 19, shared: 1 << 20 } as const;

/** Where, as whom and with what the program starts, in the order of unshare(1). */
export function enterPlace(list: List, options: UnshareOptions): void {
  const { namespaces, propagation, root, workingDirectory, mountProc } = options;
  if (namespaces.has("mount") && propagation !== "unchanged") {
    const why = {
      private: "mounts made in here do not appear outside, nor those made outside in here",
      slave: "mounts made in here do not appear outside, but those made outside do in here",
      shared: "mounts made in here appear outside too",
    }[propagation];
    list.step(`${propagation} mounts`, why, () => `mount --make-r${propagation} /`);
    list.call("mount", null, "/", null, MS_REC | propagations[propagation], null).about("/");
  }
  if (root !== undefined) {
    list.step(
      `chroot ${root}`,
      "paths begin at this folder; the mounts stay as they are",
      () => `chroot ${quote(root)}`,
    );
    list.call("chroot", root).about(root);
    list.call("chdir", "/");
  }
  if (workingDirectory !== undefined) {
    list.step(
      `working directory ${workingDirectory}`,
      "where the program starts",
      () => `cd ${quote(workingDirectory)}`,
    );
    list.call("chdir", workingDirectory).about(workingDirectory);
  }
  if (mountProc !== undefined) mountOwnProc(list, mountProc);
  becomeIds(list, options);
  if (options.keepCapabilities && namespaces.has("user")) keepCapabilities(list);
}

function mountOwnProc(list: List, path: string): void {
  list.step(
    `own ${path}`,
    "a procfs shows the processes of the pid namespace of whoever mounts it",
    () => `mount -t proc proc ${quote(path)}`,
  );
  // Where nothing is mounted there is nothing to make private.
  list
    .call("mount", null, path, null, MS_REC | propagations.private, null)
    .accept("EINVAL")
    .about(path);
  list.call("mount", "proc", path, "proc", MS_NOSUID_NODEV_NOEXEC, null).about(`proc on ${path}`);
}

/**
 * Changes the ids that are given; with the group the supplementary ones go.
 *
 * @param early an attempt to drop them that was made before
 */
export function becomeIds(
  list: List,
  { setuid, setgid }: { readonly setuid: number | undefined; readonly setgid: number | undefined },
  early?: Call,
): void {
  if (setgid !== undefined) {
    list.step(
      `group ${setgid}`,
      "supplementary groups go too",
      () => `# setpriv --regid ${setgid} --clear-groups`,
    );
    const drop = (): void => {
      list.call("setgroups", 0, null).about("supplementary groups (denied in this user namespace)");
    };
    if (early === undefined) drop();
    else list.when(early, "failed", drop);
    list.call("setresgid", setgid, setgid, setgid).about(`gid ${setgid}`);
  }
  if (setuid !== undefined) {
    list.step(
      `user ${setuid}`,
      "files and processes are checked against this id",
      () => `# setpriv --reuid ${setuid}`,
    );
    list.call("setresuid", setuid, setuid, setuid).about(`uid ${setuid}`);
  }
}
