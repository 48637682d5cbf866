import { isNewNamespace, namespaceOf, type NamespaceType } from "../../namespace/index.ts";
import { defaultCapabilities } from "../../security/index.ts";
import type { Spec } from "../../runtime/config.ts";
import type { RunOptions } from "../run-options.ts";
import { shortId } from "../id.ts";
import type { SpecFacts } from "./facts.ts";
import { maskedPaths, readonlyPaths } from "./masks.ts";
import { defaultMounts } from "./mounts.ts";
import { chooseNamespaces, isOff } from "./namespaces.ts";

/**
 * The configuration a container has before its other options are looked at: docker's, without
 * CAP_NET_RAW, and with a cgroup namespace on v1 as well.
 */
export function defaultSpec(options: RunOptions, facts: SpecFacts): Spec {
  const { namespaces, mappings } = chooseNamespaces(options, facts);
  const has = (type: NamespaceType): boolean => namespaceOf(namespaces, type) !== undefined;
  // Device nodes are beyond an ordinary user, in a user namespace as well.
  const wanted = options.capabilities ?? defaultCapabilities;
  const capabilities = facts.privileged ? [...wanted] : wanted.filter((name) => name !== "CAP_MKNOD");
  const inUserNamespace = facts.nested || mappings !== undefined;
  // With the host's own root nothing of the host is covered but what belongs to a new namespace.
  const ownRoot = !isOff(options, "root");
  let mounts = has("mount") ? defaultMounts(options, { ownIpc: has("ipc"), inUserNamespace }) : [];
  if (!ownRoot) mounts = mounts.filter(({ destination }) => destination === "/proc" && has("pid"));
  const hides = has("mount") && ownRoot && options.privileged !== true && !isOff(options, "masks");
  return {
    ociVersion: "1.2.0",
    root: { path: "rootfs" },
    mounts,
    process: {
      user: { uid: 0, gid: 0 },
      args: ["sh"],
      env: [],
      cwd: "/",
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    },
    ...(has("uts") ? { hostname: shortId(facts.id) } : {}),
    linux: {
      ...(mappings === undefined ? {} : { uidMappings: mappings.uid, gidMappings: mappings.gid }),
      namespaces,
      resources: { devices: [{ allow: false, access: "rwm" }] },
      ...(hides ? { maskedPaths: maskedPaths(), readonlyPaths: readonlyPaths() } : {}),
      ...(isNewNamespace(namespaces, "network") && has("mount") && !inUserNamespace
        ? { sysctl: unprivilegedNetworking() }
        : {}),
    },
  };
}

/** In a network of its own, low ports and ping need no capability (moby, daemon/oci_linux.go). */
function unprivilegedNetworking(): Record<string, string> {
  return { "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647" };
}
