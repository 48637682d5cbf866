// Ordinary users to test as. test/suite/users.ts makes them when the suite runs as root.
import { readFileSync } from "node:fs";

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** HOME, USER and LOGNAME. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Has subordinate ids in /etc/subuid and /etc/subgid, so newuidmap maps a range for it. */
export const userWithRanges = "husk-test";
/** Has no subordinate ids: only its own id can be mapped. */
export const userWithoutRanges = "husk-test-single";

/** The user of that name, or undefined where it does not exist. */
export function findUser(name: string): User | undefined {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  if (line === undefined) return undefined;
  const [, , uid, gid, , home] = line.split(":");
  const environment = { HOME: home!, USER: name, LOGNAME: name };
  return { name, uid: Number(uid), gid: Number(gid), environment };
}

/** The command line by which root runs `command` as that user, without any privilege left. */
export function asUser(user: User, command: readonly string[]): string[] {
  const ids = [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--init-groups"];
  return ["setpriv", ...ids, "--inh-caps=-all", "--", ...command];
}
