import { readFileSync } from "node:fs";

let passwd: string | undefined;

/** A user's name in /etc/passwd of this machine; the number where there is none. */
export function userName(uid: number): string {
  try {
    passwd ??= readFileSync("/etc/passwd", "utf8");
  } catch {
    passwd = "";
  }
  for (const line of passwd.split("\n")) {
    const fields = line.split(":");
    if (fields[2] === `${uid}`) return fields[0] as string;
  }
  return `${uid}`;
}
