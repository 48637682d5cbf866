export { isCdiName } from "./device-name.ts";
export { injectDevices } from "./inject.ts";
