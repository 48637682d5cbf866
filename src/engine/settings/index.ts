export { withDefaults } from "./defaults.ts";
export { readSettings, settingsFiles } from "./read-settings.ts";
export type { AddressPool, GivenSetting, Settings } from "./settings.ts";
