import { isV4, isV6 } from "../../platform/address.ts";
import type { Refuse } from "./draft.ts";
import type { AddressPool } from "./settings.ts";

/** One of docker's `default-address-pools`. */
export function readPool(value: unknown, refuse: Refuse): AddressPool {
  const { base, size, ...others } = Object(value) as Record<string, unknown>;
  const other = Object.keys(others)[0];
  if (other !== undefined) return refuse(`base and size; "${other}" is neither`);
  const [address = "", prefix = ""] = typeof base === "string" ? base.split("/") : [];
  const bits = address.includes(":") ? 128 : 32;
  const isAddress = bits === 128 ? isV6(address) : isV4(address);
  const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (!isAddress || length < 1 || length > bits)
    return refuse(`a base such as "10.80.0.0/16" or "fd00:80::/48"`);
  if (typeof size !== "number" || !Number.isInteger(size) || size < length || size > bits - 2)
    return refuse(`a size from the base's ${length} to ${bits - 2}: the length of each network's prefix`);
  return { base: base as string, size };
}
