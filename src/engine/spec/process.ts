import { namespaceOf } from "../../namespace/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { PosixRlimit, Process, Spec } from "../../runtime/config.ts";
import type { RunOptions, Ulimit } from "../run-options.ts";
import { isMapped } from "../subids.ts";
import { type ResolvedUser, resolveUser } from "../user.ts";
import { environment, setVariables } from "./environment.ts";
import type { SpecFacts } from "./facts.ts";

/** Puts what was asked for into `process`, `hostname` and `domainname`. */
export function refineProcess(spec: Spec, options: RunOptions, facts: SpecFacts): void {
  const { process } = spec;
  const bundle = options.source.kind === "bundle";
  if (options.command.length > 0) process.args = [...options.command];
  if (options.tty === true) process.terminal = true;
  if (options.workdir !== undefined) process.cwd = options.workdir;
  refineNames(spec, options);

  let home = "/";
  if (!bundle || options.user !== undefined || options.groupAdd !== undefined) {
    const resolved = resolveUser(options.user, options.groupAdd, facts.accounts());
    home = resolved.home;
    process.user = { ...process.user, ...mappedUser(spec, resolved, options) };
  }
  process.env = bundle
    ? setVariables(process.env ?? [], options.env ?? [], facts.environment)
    : environment(options.env ?? [], {
        hostname: spec.hostname ?? facts.hostname(),
        terminal: process.terminal === true,
        home,
        caller: facts.environment,
      });
  if (options.ulimits !== undefined) process.rlimits = withUlimits(process.rlimits ?? [], options.ulimits);
  if (options.oomScoreAdj !== undefined) process.oomScoreAdj = options.oomScoreAdj;
  if (options.personality !== undefined) {
    spec.linux.personality = { domain: options.personality === "linux32" ? "LINUX32" : "LINUX" };
  }
}

function refineNames(spec: Spec, options: RunOptions): void {
  const own = namespaceOf(spec.linux.namespaces, "uts") !== undefined;
  for (const name of ["hostname", "domainname"] as const) {
    const value = options[name];
    if (value === undefined) continue;
    if (!own) {
      throw new HuskError("invalid", `--${name} ${value}: the container shares the host's names`, {
        hint: "leave out --uts host (and uts in --no-isolate)",
      });
    }
    spec[name] = value;
  }
}

/**
 * The user as far as the user namespace has ids for it. Groups that merely come with an account are
 * left out where they are not mapped; an id that was asked for and is not mapped is an error.
 */
function mappedUser(spec: Spec, { user }: ResolvedUser, options: RunOptions): Process["user"] {
  const { uidMappings, gidMappings } = spec.linux;
  if (uidMappings === undefined || gidMappings === undefined) return user;
  if (!isMapped(uidMappings, user.uid)) throw unmapped("user", user.uid);
  if (!isMapped(gidMappings, user.gid)) throw unmapped("group", user.gid);
  for (const wanted of options.groupAdd ?? []) {
    if (typeof wanted === "number" && !isMapped(gidMappings, wanted)) throw unmapped("group", wanted);
  }
  // A single mapping goes with setgroups(2) denied (user_namespaces(7)): no supplementary groups at all.
  const single = gidMappings.length === 1 && gidMappings[0]?.size === 1;
  const additionalGids = single ? [] : user.additionalGids?.filter((gid) => isMapped(gidMappings, gid));
  return { uid: user.uid, gid: user.gid, ...(additionalGids === undefined ? {} : { additionalGids }) };
}

function unmapped(what: "user" | "group", id: number): HuskError {
  const file = what === "user" ? "/etc/subuid" : "/etc/subgid";
  return new HuskError("invalid", `${what} ${id} does not exist in the container's user namespace`, {
    hint: `map it: as root, usermod --add-sub${what === "user" ? "uids" : "gids"} 100000-165535 YOU (${file}), and install uidmap`,
  });
}

function withUlimits(rlimits: readonly PosixRlimit[], ulimits: readonly Ulimit[]): PosixRlimit[] {
  const all = [...rlimits];
  for (const { name, soft, hard } of ulimits) {
    const rlimit = { type: `RLIMIT_${name.toUpperCase()}`, soft, hard };
    const at = all.findIndex(({ type }) => type === rlimit.type);
    if (at < 0) all.push(rlimit);
    else all[at] = rlimit;
  }
  return all;
}
