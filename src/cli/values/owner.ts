import { readFileSync } from "node:fs";
import { findAccount, findGroup } from "../../engine/user.ts";
import { HuskError } from "../../platform/error.ts";
import { parseGroup, parseUser } from "./user.ts";

/** `user`, `user:group` or `:group`, by this machine's names or ids; -1 for what is left out (chown(2)). */
export function parseOwner(flag: string, value: string): { uid: number; gid: number } {
  const colon = value.indexOf(":");
  const user = colon === -1 ? value : value.slice(0, colon);
  const group = colon === -1 ? "" : value.slice(colon + 1);
  if (user === "" && group === "")
    throw new HuskError("invalid", `invalid value "${value}" for --${flag}`, {
      hint: "USER:GROUP, names or ids",
    });
  return {
    uid: user === "" ? -1 : idOf(flag, "user", parseUser(flag, user).user),
    gid: group === "" ? -1 : idOf(flag, "group", parseGroup(flag, group)),
  };
}

function idOf(flag: string, kind: "user" | "group", who: string | number): number {
  if (typeof who === "number") return who;
  const file = kind === "user" ? "/etc/passwd" : "/etc/group";
  const text = readFileSync(file, "utf8");
  const id = kind === "user" ? findAccount(text, who)?.uid : findGroup(text, who);
  if (id !== undefined) return id;
  throw new HuskError("not-found", `--${flag}: there is no ${kind} "${who}" in ${file}`, {
    hint: "or give the id",
  });
}
