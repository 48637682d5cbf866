import type { ContainerRecord } from "../container/record.ts";
import type { ContainerState } from "../container/state.ts";

/** `NetworkSettings` in docker's layout. */
export function networkSettings(
  { options }: ContainerRecord,
  { pid }: ContainerState,
): Record<string, unknown> {
  const network = options.network ?? "none";
  return {
    Bridge: "",
    SandboxID: "",
    SandboxKey: pid === 0 ? "" : `/proc/${pid}/ns/net`,
    Ports: {},
    Networks: {
      [network]: {
        IPAMConfig: null,
        Links: null,
        Aliases: null,
        MacAddress: "",
        DriverOpts: null,
        GwPriority: 0,
        NetworkID: network,
        EndpointID: "",
        Gateway: "",
        IPAddress: "",
        IPPrefixLen: 0,
        IPv6Gateway: "",
        GlobalIPv6Address: "",
        GlobalIPv6PrefixLen: 0,
        DNSNames: null,
      },
    },
  };
}
