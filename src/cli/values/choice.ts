import type { OfContainer } from "../../engine/run-options.ts";
import { invalidValue, laterValue } from "./invalid.ts";

/**
 * One of a few words. A value docker knows and husk has not yet (`container:NAME`, `bridge`) is refused
 * as such.
 */
export function parseChoice<const T extends string>(
  flag: string,
  value: string,
  choices: readonly T[],
  isLater?: (value: string) => boolean,
): T {
  for (const choice of choices) if (choice === value) return choice;
  const accepted = choices.join(" or ");
  throw isLater?.(value) ? laterValue(flag, value, accepted) : invalidValue(flag, value, accepted);
}

/** `none`, `host`, or `container:NAME`; any other name would be a network of the user's. */
export function parseNetwork(flag: string, value: string): "none" | "host" | OfContainer {
  return ofContainer(value) ?? parseChoice(flag, value, ["none", "host"], () => value !== "");
}

/** `container:NAME`, as it is; undefined: something else. */
export function ofContainer(value: string): OfContainer | undefined {
  return /^container:./.test(value) ? (value as OfContainer) : undefined;
}

/** `container:NAME` and `ns:PATH`: joining what another container has. */
export function joinsAnother(value: string): boolean {
  return value.startsWith("container:") || value.startsWith("ns:");
}
