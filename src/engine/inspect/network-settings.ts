import type { ContainerRecord } from "../container/record.ts";
import type { ContainerState } from "../container/state.ts";

const NO_ADDRESS = {
  EndpointID: "",
  Gateway: "",
  GlobalIPv6Address: "",
  GlobalIPv6PrefixLen: 0,
  IPAddress: "",
  IPPrefixLen: 0,
  IPv6Gateway: "",
  MacAddress: "",
};

/** `NetworkSettings` in docker's layout, with the fields of the default bridge that templates still ask for. */
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
    ...NO_ADDRESS,
    Networks: {
      [network]: {
        IPAMConfig: null,
        Links: null,
        Aliases: null,
        DriverOpts: null,
        GwPriority: 0,
        NetworkID: network,
        ...NO_ADDRESS,
        DNSNames: null,
      },
    },
  };
}
