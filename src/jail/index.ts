export { type HandPlan, type HandResult, type HandTools, perform } from "./hand-plan.ts";
export { becomeProgram, keepProgram, type Program, programOrShell } from "./program.ts";
export { type Caller, planUnshare } from "./plan-unshare.ts";
export type { UnshareOptions } from "./unshare-options.ts";
export { type NsenterOptions, planNsenter } from "./plan-nsenter.ts";
export { type ChrootOptions, planChroot } from "./plan-chroot.ts";
export { type JailRequest, type MadeJail, makeJail, type PlannedJail, planJail } from "./make-jail.ts";
export type { JailChange } from "./jail-tree.ts";
export { type JailListing, listJail } from "./list-jail.ts";
