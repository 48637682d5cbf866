import type { LinuxIdMapping, LinuxNamespace, NamespaceType } from "../../namespace/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { IdMap, Isolation, RunOptions } from "../run-options.ts";
import type { SpecFacts } from "./facts.ts";
import { hasMapHelpers, type IdMappings, ownMappings, sharedMappings } from "../subids.ts";

/** The namespaces of a container, and the id maps of its user namespace if it gets one. */
export interface ChosenNamespaces {
  readonly namespaces: LinuxNamespace[];
  readonly mappings: IdMappings | undefined;
}

/** Whether a layer of isolation was switched off (`--no-isolate`). */
export function isOff(options: RunOptions, layer: Isolation): boolean {
  return options.noIsolate?.includes(layer) === true;
}

/**
 * Decides which namespaces are new: all but those the options share with the host. A user namespace
 * is made for an ordinary user, and for root where it is asked for.
 *
 * @throws HuskError "denied" when this user cannot do without a user namespace; "invalid" when no
 *   range of ids is known for one
 */
export function chooseNamespaces(options: RunOptions, facts: SpecFacts): ChosenNamespaces {
  const namespaces: LinuxNamespace[] = [];
  const add = (type: NamespaceType, shared: boolean, path?: string): void => {
    if (!shared && !isOff(options, type as Isolation))
      namespaces.push(path === undefined ? { type } : { type, path });
  };
  const mappings = chooseMappings(options, facts);
  if (mappings !== undefined) namespaces.push({ type: "user" });
  add("mount", false);
  add("pid", options.pid === "host", facts.joins?.pid);
  add("uts", options.uts === "host");
  add("ipc", options.ipc === "host");
  add("network", options.network === "host", facts.joins?.network);
  add("cgroup", options.cgroupns === "host");
  return { namespaces, mappings };
}

function chooseMappings(options: RunOptions, facts: SpecFacts): IdMappings | undefined {
  const shared = options.userns === "host" || isOff(options, "user");
  const given = options.uidMap ?? options.gidMap;
  if (shared) {
    if (given !== undefined) {
      throw new HuskError(
        "invalid",
        "--uidmap and --gidmap need a user namespace, which --userns host leaves out",
      );
    }
    if (!facts.privileged) {
      throw new HuskError("denied", "without a user namespace an ordinary user may make no other namespace", {
        hint: "leave out --userns host (and user in --no-isolate), or run husk as root",
      });
    }
    return undefined;
  }
  if (given !== undefined) {
    return { uid: copy(options.uidMap ?? given), gid: copy(options.gidMap ?? given) };
  }
  if (!facts.privileged) return ownMappings(facts.uid, facts.gid, hasMapHelpers());
  if (options.userns !== "private") return undefined;
  const mappings = sharedMappings();
  if (mappings !== undefined) return mappings;
  throw new HuskError("invalid", "--userns private: no ids are set aside for root's containers", {
    hint: "give --uidmap 0:100000:65536, or add the line husk:100000:65536 to /etc/subuid and /etc/subgid",
  });
}

function copy(maps: readonly IdMap[]): LinuxIdMapping[] {
  return maps.map(({ containerID, hostID, size }) => ({ containerID, hostID, size }));
}
