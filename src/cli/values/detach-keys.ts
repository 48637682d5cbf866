import { invalidValue } from "./invalid.ts";

/** docker's: ctrl-p,ctrl-q. */
export const DETACH_KEYS: Uint8Array = Uint8Array.of(16, 17);

/** Characters that make control codes with ctrl-, from 0 on. */
const CONTROLS = "@abcdefghijklmnopqrstuvwxyz[\\]^_";
const MOST_KEYS = 16;

/**
 * The bytes that detach, from docker's spelling: `ctrl-p,ctrl-q`, `a`, `ctrl-\\`.
 *
 * @throws HuskError "invalid"
 */
export function parseDetachKeys(flag: string, value: string): Uint8Array {
  if (value === "") return DETACH_KEYS;
  const keys = value.split(",").map((key) => {
    if (/^[\x21-\x7e]$/.test(key)) return key.charCodeAt(0);
    const control = /^ctrl-(.)$/i.exec(key)?.[1]?.toLowerCase();
    return control === undefined ? -1 : CONTROLS.indexOf(control);
  });
  if (keys.length > MOST_KEYS || keys.includes(-1))
    throw invalidValue(
      flag,
      value,
      `at most ${MOST_KEYS} keys: single characters or ctrl-LETTER, with commas`,
    );
  return Uint8Array.from(keys);
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
