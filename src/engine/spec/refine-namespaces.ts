import type { LinuxNamespace, NamespaceType } from "../../namespace/index.ts";
import type { Spec } from "../../runtime/config.ts";
import type { RunOptions } from "../run-options.ts";
import type { SpecFacts } from "./facts.ts";
import { chooseNamespaces } from "./namespaces.ts";

/** Changes a bundle's namespaces where an option says something about them. */
export function refineNamespaces(spec: Spec, options: RunOptions, facts: SpecFacts): void {
  const chosen = chooseNamespaces(options, facts);
  const asked: [NamespaceType, unknown][] = [
    ["pid", options.pid],
    ["uts", options.uts],
    ["ipc", options.ipc],
    ["network", options.network],
    ["cgroup", options.cgroupns],
    ["user", options.userns ?? options.uidMap ?? options.gidMap],
  ];
  for (const type of options.noIsolate ?? []) asked.push([type as NamespaceType, "off"]);
  let namespaces: LinuxNamespace[] = spec.linux.namespaces ?? [];
  for (const [type, value] of asked) {
    if (value === undefined) continue;
    namespaces = namespaces.filter((namespace) => namespace.type !== type);
    const own = chosen.namespaces.find((namespace) => namespace.type === type);
    if (own !== undefined) namespaces.push(own);
  }
  spec.linux.namespaces = namespaces;
  const user = namespaces.find(({ type }) => type === "user");
  if (user === undefined) {
    delete spec.linux.uidMappings;
    delete spec.linux.gidMappings;
  } else if (options.userns !== undefined || options.uidMap !== undefined || options.gidMap !== undefined) {
    if (chosen.mappings !== undefined) {
      spec.linux.uidMappings = chosen.mappings.uid;
      spec.linux.gidMappings = chosen.mappings.gid;
    }
  }
}
