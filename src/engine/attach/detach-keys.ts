/** docker's: ctrl-p,ctrl-q. */
export const DETACH_KEYS: Uint8Array = Uint8Array.of(16, 17);

/** Characters that make control codes with ctrl-, from 0 on. */
const CONTROLS = "@abcdefghijklmnopqrstuvwxyz[\\]^_";
const MOST_KEYS = 16;

/** What {@link readDetachKeys} takes. */
export const DETACH_KEYS_FORM: string = `at most ${MOST_KEYS} keys: single characters or ctrl-LETTER, with commas`;

/** The bytes that detach, from docker's spelling: `ctrl-p,ctrl-q`, `a`, `ctrl-\\`; undefined: it is none. */
export function readDetachKeys(value: string): Uint8Array | undefined {
  const keys = value.split(",").map((key) => {
    if (/^[\x21-\x7e]$/.test(key)) return key.charCodeAt(0);
    const control = /^ctrl-(.)$/i.exec(key)?.[1]?.toLowerCase();
    return control === undefined ? -1 : CONTROLS.indexOf(control);
  });
  return keys.length > MOST_KEYS || keys.includes(-1) ? undefined : Uint8Array.from(keys);
}
