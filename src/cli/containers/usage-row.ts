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

/** A line of {@link USAGE_LIST}; of a container that does not run all is nothing, as with docker. */
export function usageRow({ id, name, usage }: ContainerUsage, whole: boolean): Row {
  const percent = (value = 0): string => `${value.toFixed(2)}%`;
  const share = (value: number | undefined): string => (value === undefined ? "-" : percent(value));
  const { pressure } = usage ?? {};
  return {
    BlockIO: `${humanSize(usage?.io.read ?? 0)} / ${humanSize(usage?.io.written ?? 0)}`,
    CPUPerc: percent(usage?.cpuPercent),
    CPUPressure: share(pressure?.cpu),
    Container: whole ? id : shortId(id),
    ID: whole ? id : shortId(id),
    IOPressure: share(pressure?.io),
    MemPerc: percent(usage?.memoryPercent),
    MemPressure: share(pressure?.memory),
    MemUsage: `${binarySize(usage?.memoryBytes ?? 0)} / ${binarySize(usage?.memoryLimit ?? 0)}`,
    Name: name,
    NetIO: `${humanSize(usage?.network.received ?? 0)} / ${humanSize(usage?.network.sent ?? 0)}`,
    PIDs: `${usage?.processes ?? 0}`,
    Pressure:
      pressure === undefined
        ? "-"
        : [pressure.cpu, pressure.memory, pressure.io].map((value) => value.toFixed(0)).join("/"),
    Throttled: share(usage?.throttledPercent),
  };
}
