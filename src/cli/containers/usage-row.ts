import type { ContainerUsage } from "../../engine/usage/watch.ts";
import { binarySize, humanSize, type List, type Row, shortId } from "../format/index.ts";

/** The list of `husk stats`: docker's columns, and how much was waited. */
export const USAGE_LIST: List = {
  type: "stats",
  titles: {
    Container: "CONTAINER",
    ID: "CONTAINER ID",
    Name: "NAME",
    CPUPerc: "CPU %",
    MemUsage: "MEM USAGE / LIMIT",
    MemPerc: "MEM %",
    NetIO: "NET I/O",
    BlockIO: "BLOCK I/O",
    PIDs: "PIDS",
    Throttled: "THROTTLED",
    Pressure: "PRESSURE C/M/I",
    CPUPressure: "CPU PRESSURE",
    MemPressure: "MEM PRESSURE",
    IOPressure: "IO PRESSURE",
  },
  table:
    "table {{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}" +
    "\t{{.Throttled}}\t{{.Pressure}}",
};

/** docker's mark for what is not known. */
const UNKNOWN = "--";

/** A line of {@link USAGE_LIST}; of a container that does not run all is nothing, as with docker. */
export function usageRow({ id, name, usage }: ContainerUsage, whole: boolean): Row {
  // What does not run uses nothing; what runs uncounted is not known.
  const known = <T>(value: T | undefined, show: (value: T) => string, nothing: T): string =>
    value !== undefined ? show(value) : usage === undefined ? show(nothing) : UNKNOWN;
  const percent = (value: number): string => `${value.toFixed(2)}%`;
  const share = (value: number | undefined): string => (value === undefined ? "-" : percent(value));
  const { pressure } = usage ?? {};
  return {
    BlockIO: known(usage?.io, ({ read, written }) => `${humanSize(read)} / ${humanSize(written)}`, {
      read: 0,
      written: 0,
    }),
    CPUPerc: known(usage?.cpuPercent, percent, 0),
    CPUPressure: share(pressure?.cpu),
    Container: whole ? id : shortId(id),
    ID: whole ? id : shortId(id),
    IOPressure: share(pressure?.io),
    MemPerc: known(usage?.memoryPercent, percent, 0),
    MemPressure: share(pressure?.memory),
    MemUsage: `${known(usage?.memoryBytes, binarySize, 0)} / ${binarySize(usage?.memoryLimit ?? 0)}`,
    Name: name,
    NetIO: `${humanSize(usage?.network.received ?? 0)} / ${humanSize(usage?.network.sent ?? 0)}`,
    PIDs: known(usage?.processes, String, 0),
    Pressure:
      pressure === undefined
        ? "-"
        : [pressure.cpu, pressure.memory, pressure.io].map((value) => value.toFixed(0)).join("/"),
    Throttled: share(usage?.throttledPercent),
  };
}
