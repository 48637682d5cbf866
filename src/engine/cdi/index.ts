export { isCdiName } from "./device-name.ts";
export { injectDevices } from "./inject.ts";
export { CDI_FOLDERS, readSpecs } from "./registry.ts";
