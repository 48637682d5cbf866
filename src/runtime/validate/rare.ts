import { expected, flag, type Json, object, refuse, strings, text } from "./field.ts";

/** As the kernel checks names of interfaces (net/core/dev.c, dev_valid_name). */
const deviceName = /^(?!\.{1,2}$)[^\s/:]{1,15}$/;

/** Checks `linux.netDevices` (config-linux.md, "Network Devices"). */
export function checkNetDevices(linux: Json): void {
  const devices = object(linux, "netDevices", "linux");
  const seen = new Map<string, string>();
  for (const name in devices) {
    const at = `linux.netDevices[${JSON.stringify(name)}]`;
    if (!deviceName.test(name)) refuse(at, "is no name of a network device");
    const device = object(devices, name, "linux.netDevices") ?? {};
    devices[name] = device;
    const given = text(device, "name", at);
    if (given && !deviceName.test(given)) expected(`${at}.name`, "the name of a network device", given);
    if ((given || name) === "lo") refuse(at, "lo is there already: each network namespace has its own");
    const other = seen.get(given || name);
    if (other !== undefined) refuse(at, `${other} is to be called ${given || name} already`);
    seen.set(given || name, name);
  }
}

/** Checks `linux.intelRdt` (config-linux.md, "IntelRdt"). */
export function checkIntelRdt(rdt: Json): void {
  const at = "linux.intelRdt";
  const id = text(rdt, "closID", at);
  if (id && (id === "." || id === ".." || /[\s/]/.test(id)))
    expected(`${at}.closID`, "the name of a folder", id);
  for (const key of ["l3CacheSchema", "memBwSchema"] as const) {
    const schema = text(rdt, key, at);
    const begins = key === "memBwSchema" ? "MB:" : "L3";
    for (const line of (schema ?? "").split("\n"))
      if (line !== "" && !line.startsWith(begins))
        expected(`${at}.${key}`, `lines that begin with ${begins}`, line);
  }
  strings(rdt, "schemata", at);
  flag(rdt, "enableMonitoring", at);
  flag(rdt, "enableCMT", at);
  flag(rdt, "enableMBM", at);
}
