import { closeSync, openSync, readSync } from "node:fs";
import { HuskError } from "../platform/error.ts";

const digits = "0123456789abcdef";

/** A new container id: 64 hexadecimal digits, 256 random bits. */
export function newId(): string {
  const bytes = new Uint8Array(32);
  // Half as long as the first use of a JavaScript engine's own crypto object.
  const fd = openSync("/dev/urandom", "r");
  readSync(fd, bytes, 0, 32, null);
  closeSync(fd);
  let id = "";
  for (let i = 0; i < 32; i++) {
    const byte = bytes[i] as number;
    id += digits.charAt(byte >> 4) + digits.charAt(byte & 15);
  }
  return id;
}

/** The form people see and the default host name: the first 12 digits. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

/**
 * Checks a container's name: `[a-zA-Z0-9][a-zA-Z0-9_.-]+`, as docker has it. The name becomes a
 * file name and a host name part, so nothing else is let through.
 *
 * @throws HuskError "invalid"
 */
export function checkContainerName(name: string): void {
  let good = name.length >= 2 && name.length <= 255 && isAlphanumeric(name.charCodeAt(0));
  for (let i = 1; good && i < name.length; i++) {
    good = isAlphanumeric(name.charCodeAt(i)) || "_.-".includes(name.charAt(i));
  }
  if (good) return;
  throw new HuskError("invalid", `container name ${JSON.stringify(name)}: not a usable name`, {
    hint: "use letters, digits and _ . - (at least two characters, the first a letter or digit)",
  });
}

/** Whether a text has the characters of names and ids alone. */
export function isNameOrId(text: string): boolean {
  let good = text.length > 0 && isAlphanumeric(text.charCodeAt(0));
  // Faster than the first regular expression of a process.
  for (let i = 1; good && i < text.length; i++)
    good = isAlphanumeric(text.charCodeAt(i)) || "_.+-".includes(text.charAt(i));
  return good;
}

/**
 * Checks an id that a caller chose: letters, digits and `_ + . -` as runc has it. It becomes part of the
 * name of a control group and of a socket, which has 107 bytes.
 *
 * @throws HuskError "invalid"
 */
export function checkContainerId(id: string): void {
  let good = id.length > 0 && id.length <= 100 && id !== "." && id !== "..";
  for (let i = 0; good && i < id.length; i++) {
    good = isAlphanumeric(id.charCodeAt(i)) || "_+.-".includes(id.charAt(i));
  }
  if (good) return;
  throw new HuskError("invalid", `container id ${JSON.stringify(id)}: not a usable id`, {
    hint: "use letters, digits and _ + . - (at most 100 characters)",
  });
}

function isAlphanumeric(code: number): boolean {
  const lower = code | 0x20;
  return (code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x7a);
}
