import type { ContainerRecord } from "../container/record.ts";
import type { Folders } from "../folders.ts";
import { volumeData } from "../volume/store.ts";

/** `Mounts` in docker's layout. */
export function mountPoints({ options }: ContainerRecord, { root }: Folders): Record<string, unknown>[] {
  return (options.mounts ?? []).map((mount) => {
    switch (mount.type) {
      case "bind":
        return {
          Type: "bind",
          Source: mount.source,
          Destination: mount.target,
          Mode: mount.readOnly === true ? "ro" : "",
          RW: mount.readOnly !== true,
          Propagation: mount.propagation ?? "rprivate",
        };
      case "volume":
        return {
          Type: "volume",
          Name: mount.name ?? "",
          Source: mount.name === undefined ? "" : volumeData(root, mount.name),
          Destination: mount.target,
          Driver: "local",
          Mode: mount.readOnly === true ? "ro" : "z",
          RW: mount.readOnly !== true,
          Propagation: mount.propagation ?? "",
        };
      case "tmpfs":
        return {
          Type: "tmpfs",
          Source: "",
          Destination: mount.target,
          Mode: mount.options.join(","),
          RW: !mount.options.includes("ro"),
          Propagation: "",
        };
      case "device":
        return {
          Type: mount.fileSystem,
          Source: mount.device,
          Destination: mount.target,
          Mode: mount.options.join(","),
          RW: !mount.options.includes("ro"),
          Propagation: "",
        };
    }
  });
}
