import { bytesOfSize } from "../../platform/size.ts";
import { invalidValue } from "./invalid.ts";

/** Bytes; see {@link bytesOfSize}. */
export function parseSize(flag: string, value: string): number {
  const bytes = bytesOfSize(value);
  if (bytes === undefined) throw invalidValue(flag, value, "a size such as 512m, 1.5g or a number of bytes");
  return bytes;
}
