// The two ordinary users that root's run of the suite makes once and keeps (userdel removes them).
import { existsSync, readFileSync } from "node:fs";
import { findUser, userWithoutRanges, userWithRanges } from "../harness/user.ts";

const rangeLength = 65536;

/** The first id above every range given out in a file such as /etc/subuid. */
function freeRange(path: string): number {
  if (!existsSync(path)) return 100_000;
  const ends = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(":"))
    .map(([, first, length]) => Number(first ?? 0) + Number(length ?? 0));
  return Math.max(100_000, ...ends);
}

function hasRange(path: string): boolean {
  return existsSync(path) && new RegExp(`^${userWithRanges}:`, "m").test(readFileSync(path, "utf8"));
}

/** Makes them where they are missing; returns false where that is impossible. */
export function makeUsers(): boolean {
  const sbin = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  const succeeds = (command: string[]): boolean =>
    Bun.spawnSync(command, { env: sbin, stdio: ["ignore", "ignore", "inherit"] }).success;
  for (const name of [userWithRanges, userWithoutRanges])
    if (findUser(name) === undefined && !succeeds(["useradd", "--system", "--user-group", "-m", name]))
      return false;
  for (const [path, option] of [
    ["/etc/subuid", "--add-subuids"],
    ["/etc/subgid", "--add-subgids"],
  ] as const) {
    if (hasRange(path)) continue;
    const first = freeRange(path);
    if (!succeeds(["usermod", option, `${first}-${first + rangeLength - 1}`, userWithRanges])) return false;
  }
  return true;
}
