export { firstByte } from "./first-byte.ts";
export { makeRoot } from "./make-root.ts";
export { settleRoot } from "./settle-root.ts";
export { writtenIds } from "./written-ids.ts";
