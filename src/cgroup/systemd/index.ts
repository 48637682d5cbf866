export { annotatedProperties } from "./annotations.ts";
export { connectManager, type Manager } from "./manager.ts";
export { delegated, enterDelegatedScope, reachUserGroup } from "./own-scope.ts";
export { type Property, resourceProperties } from "./properties.ts";
export { type UnitName, unitName } from "./unit-name.ts";
