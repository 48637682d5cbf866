import { invalidValue } from "./invalid.ts";

/** `name=value` with the kernel's dotted name. Which are private to a container the runtime knows. */
export function parseSysctl(flag: string, value: string): readonly [name: string, setting: string] {
  const equals = value.indexOf("=");
  const name = value.slice(0, equals);
  if (equals < 1 || !/^[^\s/][^\s]*$/.test(name)) {
    throw invalidValue(flag, value, "name=value, such as net.ipv4.ip_forward=1");
  }
  return [name, value.slice(equals + 1)];
}
