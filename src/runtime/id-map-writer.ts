import { type IdMapWriter, isNewNamespace } from "../namespace/index.ts";
import type { Spec } from "./config.ts";
import type { HostFacts } from "./host-facts.ts";

/** Who can write the id maps a configuration asks for; undefined: it asks for no new user namespace. */
export function idMapWriter({ linux }: Spec, host: HostFacts): IdMapWriter | undefined {
  if (!isNewNamespace(linux.namespaces, "user")) return undefined;
  if (host.privileged) return { kind: "privileged" };
  const own = linux.uidMappings?.[0];
  const single = linux.uidMappings?.length === 1 && linux.gidMappings?.length === 1;
  if (single && own?.size === 1 && own.hostID === host.uid) return { kind: "single" };
  return { kind: "helpers", newuidmap: "/usr/bin/newuidmap", newgidmap: "/usr/bin/newgidmap" };
}
