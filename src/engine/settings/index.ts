export { withDefaults } from "./defaults.ts";
export { readSettings, settingsFiles, settingsOf } from "./read-settings.ts";
export { type AddressPool, type GivenSetting, NO_SETTINGS, type Settings } from "./settings.ts";
