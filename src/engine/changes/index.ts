export { type Applied, applyContainer, type ApplyOptions } from "./apply-container.ts";
export { containerChanges } from "./container-changes.ts";
export type { Conflict } from "./plan-apply.ts";
export type { Change, ChangeKind } from "./read-changes.ts";
