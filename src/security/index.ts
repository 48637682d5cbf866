export {
  allCapabilities,
  availableCapabilities,
  type CapabilityMask,
  type CapabilitySets,
  dropBoundingSet,
  type LinuxCapabilities,
  namesOf,
  resolveCapabilities,
  setCapabilities,
  setNoNewPrivileges,
} from "./capabilities.ts";
export {
  adjustCapabilities,
  capabilityNames,
  defaultCapabilities,
} from "./capability-names.ts";
export { type ExecLabels, checkMountLabel, labelExec } from "./labels.ts";
export { type CompiledSeccomp, type CompileOptions, compileSeccomp } from "./seccomp/compile.ts";
export { defaultProfile } from "./seccomp/default-profile.ts";
export { type Denial, denials } from "./seccomp/denials.ts";
export { type ProfileContext, resolveDockerProfile } from "./seccomp/docker-profile.ts";
export { type LoadableSeccomp, loadSeccomp, notifies } from "./seccomp/load.ts";
export { parseExactJson } from "./seccomp/parse-profile.ts";
export type {
  LinuxSeccomp,
  LinuxSeccompAction,
  LinuxSeccompArg,
  LinuxSeccompOperator,
  LinuxSyscall,
} from "./seccomp/profile.ts";
