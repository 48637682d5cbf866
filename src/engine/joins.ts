import { HuskError } from "../platform/error.ts";
import { findId } from "./container/find.ts";
import { containerPaths } from "./container/paths.ts";
import { readRecord } from "./container/read-record.ts";
import { readState } from "./container/state.ts";
import type { Folders } from "./folders.ts";
import { shortId } from "./id.ts";
import type { OfContainer, RunOptions } from "./run-options.ts";

const PREFIX = "container:";

/** Whether a namespace is that of another container. */
function isOfContainer(value: string | undefined): value is OfContainer {
  return value?.startsWith(PREFIX) === true;
}

/**
 * Containers whose namespaces are shared, by their ids instead of their names. With a network come the names in it:
 * docker's rule.
 *
 * @throws HuskError "not-found"; "invalid" for names of one's own in somebody else's network
 */
export function settleJoins(folders: Folders, options: RunOptions): RunOptions {
  const { network, pid } = options;
  const settled = isOfContainer(pid) ? { ...options, pid: byId(folders, pid) } : options;
  if (!isOfContainer(network)) return settled;
  refuseOwnNames(options);
  const joined = byId(folders, network);
  const id = joined.slice(PREFIX.length);
  const {
    extraHosts,
    dns,
    dnsSearch,
    dnsOptions,
    hostname = shortId(id),
  } = readRecord(containerPaths(folders, id).record)?.options ?? {};
  return {
    ...settled,
    network: joined,
    ...(options.uts === "host" ? {} : { hostname }),
    ...(extraHosts === undefined ? {} : { extraHosts }),
    ...(dns === undefined ? {} : { dns }),
    ...(dnsSearch === undefined ? {} : { dnsSearch }),
    ...(dnsOptions === undefined ? {} : { dnsOptions }),
  };
}

function byId(folders: Folders, value: OfContainer): OfContainer {
  return `${PREFIX}${findId(folders, value.slice(PREFIX.length))}`;
}

/** docker's words. */
function refuseOwnNames({ hostname, dns, extraHosts, expose }: RunOptions): void {
  const what =
    hostname !== undefined
      ? "hostname"
      : dns !== undefined
        ? "dns"
        : extraHosts !== undefined
          ? "custom host-to-IP mapping"
          : expose !== undefined
            ? "port exposing"
            : undefined;
  if (what === undefined) return;
  throw new HuskError("invalid", `conflicting options: ${what} and the container type network mode`, {
    hint: "a shared network has the names of the container whose network it is",
  });
}

/** Namespaces to be joined: paths in /proc of the host. */
export type Joins = Readonly<Partial<Record<"pid" | "network", string>>>;

/**
 * Where the namespaces are that a container shares with others, which have to run.
 *
 * @param privileged husk may enter namespaces of others
 * @throws HuskError "conflict", "not-found", "unavailable"
 */
export function findJoins(folders: Folders, { pid, network }: RunOptions, privileged: boolean): Joins {
  return {
    ...(isOfContainer(pid) ? { pid: namespacePath(folders, pid, "pid", privileged) } : {}),
    ...(isOfContainer(network) ? { network: namespacePath(folders, network, "net", privileged) } : {}),
  };
}

function namespacePath(
  folders: Folders,
  value: OfContainer,
  file: "pid" | "net",
  privileged: boolean,
): string {
  const flag = file === "pid" ? "pid" : "network";
  if (!privileged)
    throw new HuskError(
      "unavailable",
      `--${flag} ${value}: an ordinary user's containers are in user namespaces apart`,
      {
        hint: "run husk as root",
      },
    );
  const id = findId(folders, value.slice(PREFIX.length));
  const { status, pid } = readState(folders, id);
  if ((status !== "running" && status !== "paused") || pid === 0)
    throw new HuskError(
      "conflict",
      `cannot join ${file === "pid" ? "PID" : "network"} of a non running container: ${id}`,
      {
        hint: `husk start ${shortId(id)}`,
      },
    );
  return `/proc/${pid}/ns/${file}`;
}
