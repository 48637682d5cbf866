import { invalidValue } from "./invalid.ts";

/** Permissions in octal digits, as chmod(1) takes them: `755`. */
export function parseMode(flag: string, value: string): number {
  if (!/^[0-7]{3,4}$/.test(value)) throw invalidValue(flag, value, "three or four octal digits such as 755");
  return Number.parseInt(value, 8);
}
