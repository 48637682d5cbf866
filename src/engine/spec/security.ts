import { namespaceOf } from "../../namespace/index.ts";
import { hostArch } from "../../plan/index.ts";
import { HuskError } from "../../platform/error.ts";
import { checkSysctls } from "../../rootfs/index.ts";
import type { Spec } from "../../runtime/config.ts";
import { adjustCapabilities, capabilityNames, defaultProfile } from "../../security/index.ts";
import type { RunOptions, SecurityOptions } from "../run-options.ts";
import type { SpecFacts } from "./facts.ts";
import { isOff } from "./namespaces.ts";
import { readSeccompFile } from "./seccomp-file.ts";

/**
 * Decides capabilities, system call filter, labels and masks.
 *
 * @throws HuskError "denied" for a capability that was named and that husk does not have itself
 */
export function refineSecurity(spec: Spec, options: RunOptions, facts: SpecFacts): void {
  const { securityOpt = {} } = options;
  refineCapabilities(spec, options, facts);
  if (securityOpt.noNewPrivileges !== undefined) spec.process.noNewPrivileges = securityOpt.noNewPrivileges;
  refineSeccomp(spec, options, securityOpt);
  refineLabels(spec, securityOpt);
  refineMasks(spec, options, securityOpt);
  if (options.sysctls !== undefined) {
    const own = (type: string): boolean =>
      spec.linux.namespaces?.some((namespace) => namespace.type === type) === true;
    checkSysctls(options.sysctls, { ipc: own("ipc"), network: own("network"), uts: own("uts") });
    spec.linux.sysctl = { ...spec.linux.sysctl, ...options.sysctls };
  }
}

function refineCapabilities(spec: Spec, options: RunOptions, facts: SpecFacts): void {
  const { capAdd, capDrop } = options;
  const all = options.privileged === true || isOff(options, "capabilities");
  const changed = all || capAdd !== undefined || capDrop !== undefined;
  const { process, linux } = spec;
  const present = process.capabilities?.bounding ?? [];
  // A new user namespace begins with every capability (user_namespaces(7)).
  const inUserNamespace = namespaceOf(linux.namespaces, "user") !== undefined;
  const available = !changed || inUserNamespace ? capabilityNames : facts.capabilities();
  let names: string[];
  if (all) {
    names = adjustCapabilities([], ["ALL"], capDrop ?? [], available);
  } else if (changed) {
    names = adjustCapabilities(present, capAdd ?? [], capDrop ?? [], available);
    for (const name of names) {
      if (available.includes(name) || present.includes(name)) continue;
      throw new HuskError("denied", `--cap-add ${name.slice(4)}: husk does not have this capability itself`, {
        hint: "run husk as root, outside of other containers",
      });
    }
  } else if (options.source.kind === "bundle") {
    return;
  } else {
    names = present;
  }
  // As execve(2) would leave it: only uid 0 gets the bounding set at once.
  process.capabilities =
    process.user.uid === 0 ? { bounding: names, effective: names, permitted: names } : { bounding: names };
}

function refineSeccomp(spec: Spec, options: RunOptions, { seccomp }: SecurityOptions): void {
  const off = options.privileged === true || isOff(options, "seccomp");
  const bundle = options.source.kind === "bundle";
  if (seccomp === "unconfined" || (off && seccomp === undefined)) {
    delete spec.linux.seccomp;
    return;
  }
  const capabilities = spec.process.capabilities?.bounding ?? [];
  if (typeof seccomp === "object") spec.linux.seccomp = readSeccompFile(seccomp.file, capabilities);
  else if (seccomp === "builtin" || !bundle) spec.linux.seccomp = defaultProfile(capabilities, hostArch);
}

function refineLabels(spec: Spec, { apparmor, label }: SecurityOptions): void {
  if (apparmor !== undefined && apparmor !== "unconfined") spec.process.apparmorProfile = apparmor;
  const parts = label?.filter((part) => part !== "disable") ?? [];
  if (parts.length === 0) return;
  const context = ["system_u", "system_r", "container_t", "s0"];
  const places = ["user", "role", "type", "level"];
  for (const part of parts) {
    const colon = part.indexOf(":");
    const place = places.indexOf(part.slice(0, colon));
    if (place < 0) {
      throw new HuskError("unsupported", `--security-opt label=${part}: not in this version of husk`, {
        hint: "user:, role:, type: and level: are",
      });
    }
    context[place] = part.slice(colon + 1);
  }
  spec.process.selinuxLabel = context.join(":");
}

function refineMasks(spec: Spec, options: RunOptions, { mask, unmask }: SecurityOptions): void {
  const { linux } = spec;
  if (
    options.privileged === true ||
    isOff(options, "masks") ||
    unmask?.some((path) => path.toUpperCase() === "ALL")
  ) {
    delete linux.maskedPaths;
    delete linux.readonlyPaths;
  } else if (unmask !== undefined) {
    const keep = (path: string): boolean => !unmask.includes(path);
    linux.maskedPaths = linux.maskedPaths?.filter(keep);
    linux.readonlyPaths = linux.readonlyPaths?.filter(keep);
  }
  if (mask !== undefined) linux.maskedPaths = [...(linux.maskedPaths ?? []), ...mask];
}
