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

/** `container:NAME` and `ns:PATH`: joining what another container has. */
export function joinsAnother(value: string): boolean {
  return value.startsWith("container:") || value.startsWith("ns:");
}
