export { type Bus, BusError, connectBus } from "./connection.ts";
export { socketsOf } from "./address.ts";
export type { Variant } from "./marshal.ts";
export type { Message } from "./message.ts";
