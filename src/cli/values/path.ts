import { invalidValue } from "./invalid.ts";

/** An absolute path of the host from what was typed; `..` and links are left to the kernel. */
export function hostPath(flag: string, value: string): string {
  if (value === "") throw invalidValue(flag, value, "a path");
  if (value[0] === "/") return value;
  const here = process.cwd();
  if (value === ".") return here;
  return `${here === "/" ? "" : here}/${value.startsWith("./") ? value.slice(2) : value}`;
}

/**
 * An absolute path in the container without `.`, `..` and doubled slashes.
 *
 * @param whole what the flag was given, for the message
 */
export function containerPath(flag: string, value: string, whole = value): string {
  if (value[0] !== "/") {
    throw invalidValue(flag, whole, `the path in the container must be absolute, "${value}" is not`);
  }
  if (!value.includes("//") && !value.includes("/.") && (value.length === 1 || !value.endsWith("/"))) {
    return value;
  }
  const parts: string[] = [];
  for (const part of value.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** The same for a place something is mounted on, which cannot be the root itself. */
export function mountTarget(flag: string, value: string, whole = value): string {
  const target = containerPath(flag, value, whole);
  if (target === "/") throw invalidValue(flag, whole, "nothing can be mounted on / of the container");
  return target;
}
