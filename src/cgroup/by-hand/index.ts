export { attachHints, attachProcesses } from "./attach.ts";
export { copySettings } from "./copy.ts";
export { createGroup } from "./create.ts";
export { freezeGroup, thawGroup } from "./freeze.ts";
export { killGroup } from "./kill.ts";
export {
  existingPlaces,
  type GroupSpec,
  type GroupView,
  parseGroupSpec,
  placesFor,
  processesOf,
} from "./named-group.ts";
export { type GroupUse, groupUse, type ShownPlace, showPlaces } from "./read-group.ts";
export { removeGroup } from "./remove.ts";
export { type GroupRights, handOver, type Owner } from "./rights.ts";
export { setValues } from "./set.ts";
export { readSetting } from "./settings.ts";
