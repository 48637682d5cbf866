export { enterUserNamespace, type OwnIds } from "./enter-user-namespace.ts";
export { type IdMapWriter, idMapText, openProcess, writeIdMaps } from "./id-map.ts";
export { keepNamespaces, type KeptNamespace } from "./keep.ts";
export { setClockOffsets } from "./time-offsets.ts";
export {
  joinCgroupNamespace,
  joinNamespaces,
  type OpenNamespace,
  openNamespaces,
  openNamespacesOf,
} from "./join.ts";
export {
  isNewNamespace,
  type LinuxIdMapping,
  type LinuxNamespace,
  namespaceFiles,
  namespaceFlags,
  namespaceOf,
  namespaceReasons,
  type NamespaceType,
} from "./types.ts";
