/**
 * Paths of the unix sockets in a D-Bus address, in its order: `unix:path=/run/user/1000/bus,guid=…;tcp:…` has one
 * (D-Bus Specification, "Server Addresses"). A name without a file begins with NUL.
 */
export function socketsOf(address: string): string[] {
  const paths: string[] = [];
  for (const entry of address.split(";")) {
    if (!entry.startsWith("unix:")) continue;
    for (const pair of entry.slice("unix:".length).split(",")) {
      const [key, value = ""] = pair.split("=");
      const text = value.replaceAll(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
      if (key === "path") paths.push(text);
      else if (key === "abstract") paths.push(`\0${text}`);
    }
  }
  return paths;
}
