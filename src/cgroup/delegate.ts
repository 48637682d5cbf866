import { existsSync, readFileSync } from "node:fs";
import { type List, quote, type Result } from "../plan/index.ts";
import { O_CLOEXEC, O_PATH } from "./flags.ts";
import type { Group } from "./group.ts";

const AT_EMPTY_PATH = 0x1000;
const SAME_GROUP = -1;
/** Files that make a v2 group usable for who owns it; newer kernels name those they have. */
const DELEGATE = "/sys/kernel/cgroup/delegate";
const usual = ["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"];

/**
 * The step that hands a v2 group to a user of the container's: its folder, and the files in it that move processes and
 * enable controllers, none that limits it (config-linux.md, "Cgroup ownership").
 *
 * @param folder descriptor of the group's folder
 * @param uid user id of the host
 */
export function delegateSteps(keeper: List, group: Group, folder: Result, uid: number): void {
  const files = existsSync(DELEGATE) ? readFileSync(DELEGATE, "latin1").trim().split("\n") : usual;
  const { path } = group;
  keeper.step(
    `hand the control group to user ${uid}`,
    "the container may write its control groups: so its user can make groups of its own below, within its limits",
    () => {
      const names = files.map((file) => quote(`${path}/${file}`)).join(" ");
      return `chown ${uid} ${quote(path)}; chown -f ${uid} ${names}`;
    },
  );
  keeper.call("fchownat", folder, "", uid, SAME_GROUP, AT_EMPTY_PATH).about(path);
  for (const file of files) {
    // The kernel names files of controllers, too, which the group may not have.
    const fd = keeper.call("openat", folder, file, O_PATH | O_CLOEXEC, 0).accept("ENOENT");
    keeper.when(fd, "succeeded", () => {
      keeper.call("fchownat", fd, "", uid, SAME_GROUP, AT_EMPTY_PATH).about(`${path}/${file}`);
    });
  }
}
