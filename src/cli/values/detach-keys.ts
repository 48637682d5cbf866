import { DETACH_KEYS, DETACH_KEYS_FORM, readDetachKeys } from "../../engine/attach/detach-keys.ts";
import { readSettings } from "../../engine/settings/read-settings.ts";
import { invalidValue } from "./invalid.ts";

/**
 * The bytes that detach, as the flag says, or without it the settings.
 *
 * @throws HuskError "invalid"
 */
export function parseDetachKeys(flag: string, value = ""): Uint8Array {
  if (value === "") return readSettings().detachKeys ?? DETACH_KEYS;
  const keys = readDetachKeys(value);
  if (keys === undefined) throw invalidValue(flag, value, DETACH_KEYS_FORM);
  return keys;
}

/** Looks for the detach keys in what is typed. */
export interface DetachScan {
  /** What is to be passed on; `detached` once all of the keys were typed. */
  feed(bytes: Uint8Array): { readonly passed: Uint8Array; readonly detached: boolean };
}

/** Keys that may be the beginning of the sequence are held back until one follows that is not. */
export function scanForKeys(keys: Uint8Array): DetachScan {
  let matched = 0;
  return {
    feed(bytes) {
      const passed: number[] = [];
      for (const byte of bytes) {
        if (byte === keys[matched]) {
          if (++matched === keys.length) return { passed: Uint8Array.from(passed), detached: true };
          continue;
        }
        for (let i = 0; i < matched; i++) passed.push(keys[i] as number);
        matched = 0;
        if (byte === keys[0]) matched = 1;
        else passed.push(byte);
      }
      return { passed: Uint8Array.from(passed), detached: false };
    },
  };
}
