import { HuskError } from "../../platform/error.ts";
import { installKeeper } from "../../platform/keeper-file.ts";
import { launch } from "../../runtime/launch.ts";
import type { Home } from "../home.ts";
import { prepareContainer } from "../prepare.ts";
import type { Isolation } from "../run-options.ts";

/** Everything but the user namespace. */
const NOTHING_ELSE: readonly Isolation[] = [
  "mount",
  "pid",
  "uts",
  "ipc",
  "network",
  "cgroup",
  "root",
  "limits",
  "capabilities",
  "seccomp",
  "masks",
];

/**
 * Removes a folder in which files belong to ids that this ordinary user may have in a user namespace alone
 * (/etc/subuid): husk starts itself in one.
 *
 * @throws HuskError "failed" when something is left
 */
export async function removeAsOwners(home: Home, path: string): Promise<void> {
  const prepared = await prepareContainer({
    source: { kind: "host", with: [] },
    noIsolate: NOTHING_ELSE,
    userns: "private",
    command: [...home.husk, "internal", "remove-tree", path],
  });
  const { outcome } = await launch(prepared.planned.plan, {
    keeper: installKeeper(home.keeper, home.folders.root),
    id: "remove",
    reportDirectory: home.folders.run,
    stdin: "ignore",
    stdout: "ignore",
    stderr: 2,
  });
  const ended = await outcome;
  if (ended.kind === "reported" && ended.report.outcome === "ended" && ended.report.exitCode === 0) return;
  throw new HuskError("failed", `cannot remove everything in ${path}`, {
    hint: "something in there belongs to ids that /etc/subuid and /etc/subgid no longer give: remove it as root",
  });
}
